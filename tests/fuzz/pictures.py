"""The image reader: damaged files of every kind, PNGs whose checksums fit, SVGs of odd elements."""

import io
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from random import Random

import numpy as np
from hypothesis import strategies as st
from PIL import Image

from fuzz.mutate import HOSTILE_NUMBERS, HOSTILE_TEXTS, damaged, randoms
from gap.data.pixels import decode

SIZE = 16
SUFFIXES = (".png", ".webp", ".jpg", ".gif", ".bmp", ".tiff", ".svg", "", ".eps")
NOISE = np.random.default_rng(0).integers(0, 256, (9, 13, 4), dtype=np.uint8)


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)  # type: ignore[arg-type]
    return buffer.getvalue()


RGBA, RGB, GREY = Image.fromarray(NOISE), Image.fromarray(NOISE[..., :3]), Image.fromarray(NOISE[..., 0])
PALETTE = RGB.quantize(7)
DEEP = Image.fromarray(NOISE[..., 0].astype(np.uint16) * 257)
FILES = [
    *(_saved(image, "PNG") for image in (RGBA, RGB, GREY, PALETTE, DEEP, GREY.convert("1"))),
    _saved(PALETTE, "PNG", transparency=2),
    *(_saved(RGB, "JPEG", progressive=p) for p in (False, True)), _saved(RGB.convert("CMYK"), "JPEG"),
    *(_saved(RGBA, "WEBP", lossless=l) for l in (False, True)),  # noqa: E741
    _saved(RGBA, "WEBP", save_all=True, append_images=[RGBA.rotate(180)]),
    _saved(PALETTE, "GIF", transparency=1), _saved(PALETTE, "GIF", save_all=True, append_images=[PALETTE.rotate(180)]),
    *(_saved(image, "BMP") for image in (RGB, PALETTE, GREY.convert("1"))),
    *(_saved(RGB, "TIFF", compression=c) for c in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg")),
    *(_saved(image, "TIFF") for image in (DEEP, GREY, RGBA, PALETTE, GREY.convert("F"), RGB.convert("LAB"))),
    b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n%%EOF\n",
]  # fmt: skip

EDGES = (0, 1, 8, 300, 9000, 30_000, 2**16, 2**31 - 1, 2**32 - 1)
BOMB = zlib.compress(bytes(10**7))
CHUNKS = (b"PLTE", b"tRNS", b"gAMA", b"iCCP", b"zTXt", b"iTXt", b"acTL", b"fcTL", b"fdAT", b"eXIf", b"IDAT", b"IEND")


def png(random: Random) -> bytes:
    """Write chunks that fit together or not, all with the right checksum."""
    width, height = (random.choice((random.choice(EDGES), random.randint(0, 40))) for _ in range(2))
    depth, colour = random.choice((1, 2, 4, 8, 16, 3)), random.choice((0, 2, 3, 4, 6, 1))
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, random.randint(0, 2)))]
    for _ in range(random.randint(0, 3)):
        data = random.choice((random.randbytes(random.randint(0, 40)), b"x\0\0" + BOMB))
        chunks.append((random.choice(CHUNKS), data))
    rows = random.randbytes(random.randint(0, 30)) * random.choice((1, 100, 100_000))
    chunks += [(b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


NAMES = (
    "g", "rect", "circle", "ellipse", "line", "path", "polygon", "polyline", "use", "text", "tspan", "mask", "clipPath",
    "linearGradient", "radialGradient", "stop", "style", "symbol", "switch", "a", "defs", "svg", "title", "metadata",
)  # fmt: skip
NOT_DRAWN = ("image", "filter", "pattern", "marker", "feTurbulence", "foreignObject")
ATTRIBUTES = (
    "width", "height", "x", "y", "r", "rx", "cx", "cy", "x1", "y2", "fx", "d", "points", "transform", "viewBox", "fill",
    "stroke", "stroke-width", "stroke-dasharray", "opacity", "clip-path", "mask", "href", "id", "id", "style",
    "font-size", "letter-spacing", "text-anchor", "gradientUnits", "gradientTransform", "spreadMethod", "offset",
    "maskUnits", "clipPathUnits", "preserveAspectRatio", "dx", "textLength", "mix-blend-mode", "paint-order", "class",
)  # fmt: skip
AMOUNTS = (*map(str, HOSTILE_NUMBERS), "1e38", "-1e38", "1e-38", "1e300", "50%", "1em", "-5px", "NaN", "8", "3", "1")
SETTINGS = (
    "url(#a)", "url(#b)", "#a", "#b", "red", "none", "objectBoundingBox", "userSpaceOnUse", "a", "b", "reflect",
    "M0 0 L9 9 C1 2 3 4 5 6 A1 1 0 0 1 5 5Z", "m1e38 1e38l-1e38 0", "M0 0A0 1e30 9 1 1 1e38 1", "multiply", "round",
    "matrix(1e38 0 0 1e-38 0 0)", "rotate(45)", "scale(0)", "skewX(90)", "translate(1e38)", *HOSTILE_TEXTS,
)  # fmt: skip


def _setting(random: Random) -> str:
    several = " ".join(random.choice(AMOUNTS) for _ in range(random.randint(1, 5)))
    return random.choice((random.choice(AMOUNTS), random.choice(SETTINGS), several))


def _settings(random: Random, names: Sequence[str], most: int) -> str:
    given = {random.choice(names): _setting(random) for _ in range(random.randint(0, most))}
    return " ".join(f'{key}="{_escaped(text)}"' for key, text in given.items())


def svg(random: Random) -> bytes:
    """Write a tree of elements with odd attributes."""
    still_open, parts = list[str](), list[str]()
    for _ in range(random.randint(0, 12)):
        name = random.choice(NOT_DRAWN if random.random() < 0.02 else NAMES)
        times = random.choice((1,) * 20 + (40,))
        parts.append(f"<{name} {_settings(random, ATTRIBUTES, 5)}>" * times)
        still_open += [name] * times
        while still_open and random.random() < 0.5:
            parts.append(f"</{still_open.pop()}>")
    root = _settings(random, ("width", "height", "viewBox"), 2)
    whole = f'<svg xmlns="http://www.w3.org/2000/svg" {root}>' + "".join(parts)
    return (whole + "".join(f"</{name}>" for name in reversed(still_open)) + "</svg>").encode("utf-8", "surrogatepass")


def _escaped(text: str) -> str:
    """Write a text as an attribute's, without the signs that XML does not allow: mere noise before the renderer."""
    shown = "".join(sign for sign in text if sign.isprintable())
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


RASTER = st.tuples(damaged(FILES) | randoms().map(png) | st.binary(max_size=60), st.sampled_from(SUFFIXES))
VECTOR = st.tuples(randoms().map(svg), st.just(".svg"))
INPUTS = RASTER | VECTOR
SECONDS = 20


def check(value: tuple[bytes, str], scratch: Path) -> str:
    """As the preparation of a dataset does, take any Exception for a file that cannot be used, and say it."""
    data, suffix = value
    try:
        pixels = decode(data, suffix, SIZE)
    except MemoryError:
        raise
    except Exception as error:
        return "refused" if str(error) else f"refused as a mere {type(error).__name__}"
    assert (pixels.shape, pixels.dtype) == ((SIZE, SIZE, 3), np.uint8)
    return "accepted"
