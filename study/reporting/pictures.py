"""Small pictures of a dataset's images, each on the page once however often it is shown."""

import base64
import io
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from gap.data import PairDataset

SIDE = 72  # pixels; the templates draw them in squares of this side


@dataclass
class Pictures:
    """``sources`` holds a data address by row of the dataset, for the rows that were asked for."""

    dataset: PairDataset
    sources: dict[int, str] = field(default_factory=dict)

    def add(self, row: int) -> int:
        """See that the page has the image in ``row``; returns the row."""
        if row not in self.sources:
            self.sources[row] = address_of(np.asarray(self.dataset.images[row]))
        return row


def address_of(pixels: np.ndarray) -> str:
    """Write an image [s, s, 3] at 72 pixels a side as a ``data:`` address: PNG of 64 colours or JPEG, the smaller.

    >>> address_of(np.zeros((112, 112, 3), dtype=np.uint8))[:22]
    'data:image/png;base64,'
    """
    small = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.LANCZOS)
    written = {
        "png": _written(small.quantize(64), format="PNG", optimize=True),
        "jpeg": _written(small, format="JPEG", quality=80),
    }
    kind = min(written, key=lambda name: len(written[name]))
    return f"data:image/{kind};base64,{base64.b64encode(written[kind]).decode()}"


def _written(image: Image.Image, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, **options)  # type: ignore[arg-type]
    return buffer.getvalue()
