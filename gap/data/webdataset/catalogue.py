"""Tar shards as records: neighbouring files of one name up to its first dot are one sample.

A sample has an image (.jpg, .png, .jpeg or .webp; the first of these that it has) and a caption: its .txt, or else
``caption`` in its .json, a text or a list of texts. Folders train/, test/ and val/ (left out) give the split.

A record's id is its shard, its key and its image's ending. Where a shard has a key more than once, the second sample of
it is ``KEY.2``, and so on: no two samples have one id, and a sample keeps its id as long as its shard stays as it is.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gap.data.captions import clean_caption
from gap.data.pairing import Fault, Part, Row, pair
from gap.data.records import Catalogue, Source
from gap.data.utf8 import decode_utf8
from gap.data.webdataset.samples import Sample, samples_of
from gap.data.webdataset.shards import LAYOUT, Piece, find_shards, pieces
from gap.errors import UserError

IMAGES = ("jpg", "png", "jpeg", "webp")
# Files that lie in an archive beside its samples, and are none.
DOCUMENTS = frozenset(("readme", "license", "licence", "licenses", "notice", "copying", "citation", "changelog"))
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


def _captions(files: dict[str, Piece]) -> list[Any]:
    """Read the sample's captions. Raises ValueError, with the reason, where there are none."""
    piece = files.get("txt") or files.get("json")
    if piece is None:
        raise ValueError("no caption")
    if piece.size > _MAX_TEXT:
        raise ValueError(f"{piece.size} bytes are no caption")
    text = decode_utf8(piece.read_bytes())
    if "txt" in files:
        return [text]
    about = json.loads(text)
    caption = about.get("caption") if isinstance(about, dict) else None
    return caption if isinstance(caption, list) and caption else [caption]


def _texts(files: dict[str, Piece]) -> tuple[list[str], int]:
    """Clean the sample's captions; gives also how many are empty or no text. Raises ValueError as _captions does."""
    try:
        captions = _captions(files)
    except RecursionError as error:
        raise ValueError(str(error)) from error
    texts = [text for caption in captions if (text := clean_caption(caption))]
    return texts, len(captions) - len(texts)


def _without_image(place: str, sample: Sample) -> Iterator[Fault]:
    """Name files without an image: those of the archive, those of several samples of one name, or a caption alone."""
    shown, parts = place[:_SHOWN], sample.key.casefold().split("/")
    if parts[-1] in DOCUMENTS or any(part.startswith("__") and part.endswith("__") for part in parts):
        yield Fault(shown, "a document, and no sample", "nothing")
        return
    merged = [ending for ending in sample.files if ending.rpartition(".")[2] in IMAGES]
    for ending in merged:
        reason = "a dot before the ending, and files of one name up to its first dot are one sample"
        yield Fault(f"{shown}.{ending}"[:_SHOWN], reason, "image", image=f"{place}/{ending}")
    if not merged:
        is_whole = "txt" in sample.files or _has_captions(sample.files)
        reason = f"no image ({', '.join(IMAGES)})" if is_whole else "neither an image nor a caption"
        yield Fault(shown, reason, "image" if is_whole else "nothing", image=place)


def _has_captions(files: dict[str, Piece]) -> bool:
    try:
        return bool(_texts(files)[0])
    except ValueError:
        return False


def _rows_of(place: str, sample: Sample, shard: int, part: Part | None) -> Iterator[Row | Fault]:
    """Make the rows of a sample, one a caption, or say why there is none."""
    image = next((sample.files[ending] for ending in IMAGES if ending in sample.files), None)
    if image is None:
        yield from (replace(fault, split=part) for fault in _without_image(place, sample))
        return
    name, shown = f"{place}{image.suffix.lower()}", place[:_SHOWN]
    if len(place) > _MAX_NAME:
        yield Fault(shown, "too long a name", "image", image=name, split=part)
        return
    try:
        texts, empty = _texts(sample.files)
    except ValueError as error:
        yield Fault(shown, str(error), image=name, split=part)
        return
    if empty:
        reason = f"{empty} of {empty + len(texts)} captions are empty or no text" if texts else "no caption"
        yield Fault(shown, reason, image=name, captions=empty, split=part)
    for text in texts:
        yield Row(place, name, text, split=part, at=(shard, image.offset, image.size))


def _rows(shards: list[tuple[Path, Part | None]], base: Path) -> Iterator[Row | Fault]:
    for number, (shard, part) in enumerate(shards):
        label = shard.relative_to(base).with_suffix("").as_posix()
        seen, faulty = Counter[str](), dict[str, list[Fault]]()
        for sample in samples_of(pieces(shard)):
            key = f"{label}/{sample.key}".encode("utf-8", "replace").decode("utf-8")
            seen[key] += 1
            # A key has no dot in its last name: with a number behind a dot it is no other key.
            place = key if seen[key] == 1 else f"{key}.{seen[key]}"
            for row in _rows_of(place, sample, number, part):
                if isinstance(row, Fault):
                    faulty.setdefault(key, []).append(row)
                else:
                    yield row
        for key, faults in faulty.items():
            yield from (_explained(fault) if seen[key] > 1 else fault for fault in faults)


def _explained(fault: Fault) -> Fault:
    """Say that files of a sample do not stand together, where a key of several samples has incomplete ones."""
    if fault.reason != "no caption" and not fault.reason.startswith("no image ("):
        return fault
    apart = "the shard has more files of this name, and only neighbours are one sample; pack it sorted by name"
    return replace(fault, reason=f"{fault.reason}: {apart}")


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
