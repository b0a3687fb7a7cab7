"""Small pictures of a dataset's images."""

import numpy as np
from jaxtyping import UInt8
from PIL import Image


def thumbnail(pixels: UInt8[np.ndarray, "s s 3"], side: int) -> Image.Image:
    """Scale an image to ``side`` x ``side`` pixels."""
    return Image.fromarray(np.asarray(pixels)).resize((side, side), Image.Resampling.LANCZOS)
