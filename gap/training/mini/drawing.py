"""Icons as pixels: once as they are, once moved, turned and coloured a little."""

import colorsys
import hashlib
import random

import numpy as np
from jaxtyping import UInt8

from gap.data.pixels import decode
from gap.training.mini.icons import Icon

VARIANTS = 2
_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="{} {} {} {}">'
    '<g color="{}"><g transform="rotate({} {} {})">{}</g></g></svg>'
)


def svg(icon: Icon, variant: int) -> str:
    """Draw an icon: variant 0 fills the square, in black; others are smaller, turned, of a colour where they have none.

    Equal arguments give equal drawings.
    """
    left, top, width, height = icon.box
    if variant == 0:
        return _SVG.format(left, top, width, height, "#000000", 0, 0, 0, icon.body)
    draws = random.Random(f"{variant}/{icon.source}/{icon.name}")
    zoom = draws.uniform(1.0, 1.35)
    angle = draws.uniform(-10, 10)
    across, down = draws.random(), draws.random()
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(draws.random(), 0.8, draws.uniform(0.3, 0.9)))
    return _SVG.format(
        left - (zoom - 1) * width * across, top - (zoom - 1) * height * down, zoom * width, zoom * height,
        f"#{red:02x}{green:02x}{blue:02x}", angle, left + width / 2, top + height / 2, icon.body,
    )  # fmt: skip


def pixels(icon: Icon, variant: int, size: int) -> UInt8[np.ndarray, "size size 3"]:
    """Rasterise an icon on white as the project's datasets are rasterised."""
    return decode(svg(icon, variant).encode(), ".svg", size)


def digest(icons: list[Icon]) -> str:
    """Hash the drawings of icons, all variants, in their order."""
    state = hashlib.sha256()
    for icon in icons:
        for variant in range(VARIANTS):
            state.update(svg(icon, variant).encode())
    return state.hexdigest()
