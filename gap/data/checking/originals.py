"""The image files themselves: which are the same byte for byte, and how large their images are."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64
from PIL import Image

from gap.data.digests import in_order, sha256
from gap.data.pixels import FORMATS
from gap.data.records import ImageFile, Record

_CHUNK = 64


@dataclass(frozen=True)
class Originals:
    """The digest of every file, blank where it cannot be read, and width and height, 0 where they are not known."""

    digests: np.ndarray
    sizes: Int64[np.ndarray, "m 2"]


def _look(image: ImageFile) -> tuple[str, tuple[int, int]]:
    """Hash a file and read its head. A drawing (SVG) has no size of its own."""
    try:
        data = image.read_bytes()
    except OSError:
        return "", (0, 0)
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            return sha256(data), opened.size
    except Exception:  # whatever a damaged head raises: the image has been decoded, or named as skipped, before
        return sha256(data), (0, 0)


def look_at(records: Sequence[Record], progress: Callable[[int], object] = lambda _: None) -> Originals:
    """Read every file once, on all cores."""

    def work(start: int) -> list[tuple[str, tuple[int, int]]]:
        return [_look(record.image) for record in records[start : start + _CHUNK]]

    digests, sizes = np.zeros(len(records), dtype="S64"), np.zeros((len(records), 2), dtype=np.int64)
    starts = range(0, len(records), _CHUNK)
    for start, found in zip(starts, in_order(work, starts), strict=True):
        for row, (digest, size) in enumerate(found, start):
            digests[row], sizes[row] = digest, size
        progress(len(found))
    return Originals(digests, sizes)
