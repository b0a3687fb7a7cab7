"""Small pictures of a dataset's images inside a page."""

import numpy as np
from jaxtyping import UInt8

from study.thumbnails import data_address, thumbnail

SIDE = 160  # pixels at the most


def picture(pixels: UInt8[np.ndarray, "s s 3"]) -> str:
    """Write an image as a ``data:`` address, of at most 160 pixels a side.

    >>> picture(np.zeros((32, 32, 3), dtype=np.uint8))[:23]
    'data:image/webp;base64,'
    """
    return data_address(thumbnail(pixels, min(SIDE, len(pixels))))
