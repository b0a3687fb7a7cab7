"""Is it the picture that was asked for? Decided on its bytes, before it is given a name."""

import io
import struct

from PIL import Image

_START, _HEADER = b"\x89PNG\r\n\x1a\n", b"IHDR"


def check_png(data: bytes, size: int) -> None:
    """Raise ValueError, in one line, unless ``data`` is a whole PNG with sides of at most twice ``size`` pixels.

    The sides are read from the header first: of a decompression bomb nothing is decoded.
    """
    if not data.startswith(_START):
        raise ValueError("not a PNG")
    if len(data) < 24 or data[12:16] != _HEADER:
        raise ValueError("a PNG without a header")
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < width <= 2 * size and 0 < height <= 2 * size):
        raise ValueError(f"{width} x {height} pixels, expected at most {2 * size} a side")
    try:
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.verify()
        with Image.open(io.BytesIO(data), formats=("PNG",)) as image:
            image.load()
    except Exception as error:  # Decoders raise all kinds; whatever it is, the picture is damaged.
        raise ValueError(f"a damaged PNG: {' '.join(str(error).split()) or type(error).__name__}") from error
