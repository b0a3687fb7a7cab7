"""From the bytes of an image file to the pixels that a model sees.

The arithmetic is that of ``open_clip.image_transform(..., is_train=False)`` before its normalisation, pixel for pixel:
the shorter side is resized to the model's size (bicubic, antialiased), the centre is cropped. Transparency is laid on
white first, and of 16-bit greys the higher byte counts; like open_clip, this takes no notice of EXIF orientation. SVG
is rasterised at the model's size.
"""

import io

import numpy as np
import resvg_py
from jaxtyping import UInt8
from PIL import Image, UnidentifiedImageError

# Any change to the pixels that come out must raise this number: it is part of every cache key.
VERSION = 1
_WHITE = "#ffffff"
# Pillow reads far more, and some of it (EPS) by starting other programs.
FORMATS = ("PNG", "WEBP", "JPEG", "GIF", "BMP", "TIFF")
# Scaled until its shorter side is the model's, a picture longer than this would fill the memory.
_MAX_ASPECT = 100


def _grey_with_alpha(image: Image.Image) -> Image.Image:
    """Turn 16-bit greys into 8-bit ones. Pillow's own conversion clips instead: nearly everything is white."""
    grey = np.asarray(image)
    alpha = np.where(grey == image.info.get("transparency"), 0, 255).astype(np.uint8)
    return Image.merge("LA", [Image.fromarray((grey >> 8).astype(np.uint8)), Image.fromarray(alpha)])


def on_white(image: Image.Image) -> Image.Image:
    """Convert to RGB, with whatever is transparent on white: alpha channels and transparent palette entries alike.

    Raises ValueError for pixels of 32 bits, whose white is not defined.
    """
    if image.mode in {"I", "F"}:
        raise ValueError(f"pixels of 32 bits (Pillow's mode {image.mode}) have no defined white")
    if image.mode.startswith("I;16"):
        image = _grey_with_alpha(image)
    if not image.has_transparency_data:
        return image.convert("RGB")
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", rgba.size, _WHITE), rgba).convert("RGB")


def fit(image: Image.Image, size: int) -> Image.Image:
    """Scale the shorter side to ``size`` and crop the centre.

    Raises ValueError when one side is more than 100 times the other.

    >>> fit(Image.new("RGB", (300, 200)), 100).size
    (100, 100)
    """
    shorter = min(image.size)
    if max(image.size) > _MAX_ASPECT * shorter:
        raise ValueError(f"{image.size[0]} x {image.size[1]} pixels: one side is over {_MAX_ASPECT} times the other")
    width, height = (size if side == shorter else int(size * side / shorter) for side in image.size)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    left, top = round((width - size) / 2), round((height - size) / 2)
    return image.crop((left, top, left + size, top + size))


def rasterise(svg: bytes, size: int) -> bytes:
    """Draw an SVG on white as a PNG of ``size`` pixels. Fonts of the machine are not used."""
    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg.decode("utf-8"), width=size, height=size, skip_system_fonts=True, background=_WHITE
        )
    )


def decode(data: bytes, suffix: str, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Turn the bytes of a file with this suffix (``.svg``, or any that Pillow reads) into RGB pixels, 0 to 255.

    Raises whatever the decoder raises for damaged files: OSError, ValueError, SyntaxError and others. A PNG's checksums
    are checked, since some damage decodes to other pixels.
    """
    if not data:
        raise ValueError("the file is empty")
    file = io.BytesIO(rasterise(data, size) if suffix == ".svg" else data)
    try:
        with Image.open(file, formats=FORMATS) as image:
            if image.format != "PNG":  # the only kind that Pillow verifies, and is then of no more use
                return np.asarray(fit(on_white(image), size))
            image.verify()
        with Image.open(file, formats=FORMATS) as image:
            return np.asarray(fit(on_white(image), size))
    except UnidentifiedImageError:
        raise ValueError(f"not an image of a known kind ({', '.join(FORMATS)})") from None
