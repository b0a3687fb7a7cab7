"""Small pictures of a dataset's images inside a page."""

import base64
import io

import numpy as np
from jaxtyping import UInt8
from PIL import Image

SIDE = 160  # pixels at the most


def picture(pixels: UInt8[np.ndarray, "s s 3"]) -> str:
    """Write an image as a ``data:`` address, of at most 160 pixels a side.

    >>> picture(np.zeros((32, 32, 3), dtype=np.uint8))[:23]
    'data:image/webp;base64,'
    """
    image = Image.fromarray(pixels)
    if image.width > SIDE:
        image = image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "WEBP", quality=85, method=1)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
