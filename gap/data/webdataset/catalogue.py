"""Tar shards as records: files of one name up to its first dot are one sample.

A sample has an image (.jpg, .png, .jpeg or .webp; the first of these that it has) and a caption: its .txt, or else
``caption`` in its .json, a text or a list of texts. Folders train/, test/ and val/ (left out) give the split.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gap.data.captions import clean_caption
from gap.data.pairing import Part, Row, pair
from gap.data.records import Catalogue, Skipped, Source
from gap.data.webdataset.shards import LAYOUT, Piece, find_shards, pieces
from gap.errors import UserError

IMAGES = ("jpg", "png", "jpeg", "webp")
_MAX_TEXT = 1_000_000  # bytes of a caption's file
_MAX_NAME, _SHOWN = 1_000, 200  # characters


@dataclass(frozen=True)
class ShardImages:
    """Finds the image of a row by the number of its shard, its offset and its size."""

    shards: tuple[Path, ...]
    ids: Any
    at: Int64[np.ndarray, "m 3"]

    def __call__(self, row: int) -> Piece:
        """Give the piece of the shard."""
        shard, offset, size = self.at[row].tolist()
        return Piece(self.shards[shard], offset, size, self.ids[row].as_py().rpartition("/")[2])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShardImages) and self.shards == other.shards and bool((self.at == other.at).all())


def _samples(shard: Path) -> Iterator[tuple[str, dict[str, Piece]]]:
    """Bring neighbours of one name together; gives the name and the files by ending."""
    name, files = "", dict[str, Piece]()
    for piece in pieces(shard):
        folder, slash, last = piece.name.rpartition("/")
        key, _, ending = last.partition(".")
        if (full := folder + slash + key) != name:
            if files:
                yield name, files
            name, files = full, {}
        files.setdefault(ending.lower(), piece)
    if files:
        yield name, files


def _captions(files: dict[str, Piece]) -> list[Any]:
    """Read the sample's captions. Raises ValueError, with the reason, where there are none."""
    piece = files.get("txt") or files.get("json")
    if piece is None:
        raise ValueError("no caption")
    if piece.size > _MAX_TEXT:
        raise ValueError(f"{piece.size} bytes are no caption")
    text = piece.read_bytes().decode("utf-8-sig")
    if "txt" in files:
        return [text]
    about = json.loads(text)
    caption = about.get("caption") if isinstance(about, dict) else None
    return caption if isinstance(caption, list) else [caption]


def _image(files: dict[str, Piece]) -> Piece:
    """Find the sample's image. Raises ValueError where there is none."""
    for ending in IMAGES:
        if ending in files:
            return files[ending]
    raise ValueError(f"no image ({', '.join(IMAGES)})")


def _rows(shards: list[tuple[Path, Part | None]], base: Path) -> Iterator[Row | Skipped]:
    for number, (shard, part) in enumerate(shards):
        seen: set[str] = set()
        label = shard.relative_to(base).with_suffix("").as_posix()
        for name, files in _samples(shard):
            place = f"{label}/{name}".encode("utf-8", "replace").decode("utf-8")
            try:
                image = _image(files)
                texts = [text for caption in _captions(files) if (text := clean_caption(caption))]
            except (ValueError, RecursionError) as error:
                yield Skipped(place[:_SHOWN], str(error))
                continue
            faults = {"the name occurs twice": place in seen, "no caption": not texts}
            faults["too long a name"] = len(place) > _MAX_NAME
            if found := [fault for fault, is_so in faults.items() if is_so]:
                yield Skipped(place[:_SHOWN], found[0])
                continue
            seen.add(place)
            at = (number, image.offset, image.size)
            for text in texts:
                yield Row(place, f"{place}{image.suffix.lower()}", text, split=part, at=at)


def read(language: str, directory: Path | None, prompt: str | None = None) -> Catalogue:
    """Read the samples of all shards.

    Raises UserError when there are no shards, or one is compressed, damaged or cut short.
    """
    shards = find_shards(directory)
    if directory is None:
        raise UserError("webdataset: no data")
    base = directory if directory.is_dir() else directory.parent
    paths = tuple(shard for shard, _ in shards)
    return pair("webdataset", _rows(shards, base), lambda ids, at: ShardImages(paths, ids, at), prompt)


WEBDATASET = Source(languages=None, licence="The data's own.", layout=LAYOUT, read=read)
