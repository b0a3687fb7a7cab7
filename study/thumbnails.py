"""Small pictures of a dataset's images."""

import base64
import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def thumbnail(pixels: UInt8[np.ndarray, "s s 3"], side: int) -> Image.Image:
    """Scale an image to ``side`` x ``side`` pixels."""
    return Image.fromarray(np.asarray(pixels)).resize((side, side), Image.Resampling.LANCZOS)


def data_address(image: Image.Image) -> str:
    """Write a picture as a ``data:`` address, WebP, so that a page needs no file beside it.

    >>> data_address(thumbnail(np.zeros((8, 8, 3), dtype=np.uint8), 4))[:23]
    'data:image/webp;base64,'
    """
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=85, method=1)
    return f"data:image/webp;base64,{base64.b64encode(buffer.getvalue()).decode()}"
