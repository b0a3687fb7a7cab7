"""Synthetic pictures and a local copy of ARASAAC, small enough to be made anew in every test."""

import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from gap.data.integrity import DIGESTS


def png(image: Image.Image, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", **options)
    return buffer.getvalue()


def picture(number: int, size: tuple[int, int] = (12, 10)) -> bytes:
    """A PNG of one colour, another for every number."""
    return png(Image.new("RGB", size, (number % 256, number // 256, 100)))


def palette_picture() -> bytes:
    """As ARASAAC serves them: a palette whose first entry is transparent, although its colour is black."""
    image = Image.fromarray(np.pad(np.ones((4, 4), np.uint8), 2)).convert("P")
    image.putpalette([0, 0, 0, 200, 30, 40])
    return png(image, transparency=0)


def write_copy(
    directory: Path,
    words: Mapping[int, Iterable[Any]] | int = 6,
    *,
    language: str = "es",
    pictures: Mapping[int, bytes] | None = None,
) -> Path:
    """A directory in ARASAAC's layout: ``words`` are the keywords by id, or how many records with a word of their own.

    ``pictures`` replaces the bytes of some image files.
    """
    words = {number: [f"palabra {number}"] for number in range(words)} if isinstance(words, int) else words
    (directory / "images").mkdir(parents=True, exist_ok=True)
    records = [{"_id": number, "keywords": [{"keyword": word} for word in of]} for number, of in words.items()]
    (directory / f"{language}.json").write_text(json.dumps(records), encoding="utf-8")
    for number in words:
        (directory / "images" / f"{number}.png").write_bytes((pictures or {}).get(number, picture(number)))
    return directory


def contents(directory: Path) -> dict[str, bytes]:
    """Every file below a directory, by its path in there; lock files are empty and say nothing.

    Digests hold the times of the files that they are of, and are left out.
    """
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix != ".lock" and path.name != DIGESTS
    }
