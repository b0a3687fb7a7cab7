"""A ``datasets`` dataset that ``save_to_disk`` left, as records; nothing is downloaded, and no code of it is run.

A ``DatasetDict`` with train and test gives the split, and val or validation is left out; a single ``Dataset`` is split
here. Columns: ``image``, with the images' bytes inside, and ``caption`` (or captions, text, sentence, sentences): a
text or a list of texts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64

from gap.data.captions import clean_caption
from gap.data.pairing import Fault, Part, Row, pair
from gap.data.records import Catalogue, Source
from gap.data.stamps import Stamp, file_stamp
from gap.errors import UserError

LAYOUT = "a dataset as datasets' save_to_disk leaves it, with columns image and caption (or text)"
CAPTIONS = ("caption", "captions", "text", "sentence", "sentences")
PARTS: dict[str, Part] = {"train": "train", "test": "test", "val": "val", "valid": "val", "validation": "val"}


@dataclass(frozen=True)
class Cell:
    """The image in a row of a dataset."""

    images: Any
    row: int
    name: str
    file: Stamp

    @property
    def suffix(self) -> str:
        """None is told: images are known by their content."""
        return ""

    def stamp(self) -> Stamp:
        """Give the stamp that the dataset's files had when it was opened, and the row."""
        return *self.file, self.row

    def read_bytes(self) -> bytes:
        """Read the image's bytes. Raises OSError where the row holds a path instead: it could lead anywhere."""
        content = self.images[self.row]["image"]
        if content is None or content.get("bytes") is None:
            raise OSError("the dataset holds no bytes of this image")
        return bytes(content["bytes"])


@dataclass(frozen=True)
class Cells:
    """Finds the image of a record by part and row."""

    parts: tuple[Any, ...]
    stamps: tuple[Stamp, ...]
    ids: Any
    at: Int64[np.ndarray, "m 3"]

    def __call__(self, row: int) -> Cell:
        """Give the image in its row."""
        part, at, _ = self.at[row].tolist()
        return Cell(self.parts[part], at, self.ids[row].as_py(), self.stamps[part])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cells) and bool((self.at == other.at).all())


def _stamp(part: Any) -> Stamp:
    """Sum up the stamps of a part's files: the latest times, and all sizes."""
    found = [file_stamp(Path(file["filename"])) for file in part.cache_files]
    times = (max(stamp[0] for stamp in found), max(stamp[1] for stamp in found)) if found else (0, 0)
    return *times, *(stamp[2] for stamp in found)


def _load(directory: Path | None) -> dict[str, Any]:
    """Open the dataset: its parts by name."""
    if directory is None or not directory.is_dir():
        given = "no data; give --data-dir DIR" if directory is None else f"{directory} is not a directory"
        raise UserError(f"huggingface: {given}; expected {LAYOUT}")
    try:
        import datasets
    except ImportError as error:
        raise UserError('huggingface: needs the package datasets; run: pip install -e ".[hf]"') from error
    try:
        found = datasets.load_from_disk(str(directory), keep_in_memory=False)
    except Exception as error:  # it raises all kinds, whatever the files hold
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise UserError(f"huggingface: cannot read {directory}: {reason}; expected {LAYOUT}") from error
    parts = dict(found) if isinstance(found, datasets.DatasetDict) else {"": found}
    for part in parts.values():
        for file in part.cache_files:
            if not Path(file["filename"]).resolve().is_relative_to(directory.resolve()):
                raise UserError(f"huggingface: {directory} names a data file outside, {file['filename'][:200]}")
    return parts


def _caption_column(name: str, part: Any) -> str:
    """Find the captions' column, and check the images'."""
    import datasets

    found = [column for column in CAPTIONS if column in part.features]
    image = part.features.get("image")
    if len(found) != 1 or not isinstance(image, datasets.Image):
        columns = ", ".join(f"{column} ({type(kind).__name__})" for column, kind in part.features.items())
        remedy = ""
        if image is not None and not isinstance(image, datasets.Image):
            remedy = "; make image one with cast_column('image', datasets.Image()), and save again"
        raise UserError(
            f"huggingface: {name or 'the dataset'}: expected columns image (Image) and one of {', '.join(CAPTIONS)}, "
            f"got {columns[:300]}{remedy}"
        )
    return found[0]


def _fault_of(captions: list[Any], usable: int) -> str:
    """Say what is wrong with some of a row's captions."""
    if others := [one for one in captions if one is not None and not isinstance(one, str)]:
        return f"expected a text as the caption, got {type(others[0]).__name__}"
    return f"{len(captions) - usable} of {len(captions)} captions are empty or no text" if usable else "no caption"


def _rows(parts: Mapping[str, Any]) -> Iterator[Row | Fault]:
    for number, (name, part) in enumerate(parts.items()):
        if name and name not in PARTS:
            raise UserError(f"huggingface: part '{name[:40]}': expected train, test or val")
        split = PARTS[name] if name else None
        texts = part.select_columns([_caption_column(name, part)])
        row = 0
        for batch in texts.with_format("arrow").iter(batch_size=4_096):
            for value in batch.column(0).to_pylist():
                place = f"{name or 'row'}/{row:09d}"
                captions = value if isinstance(value, list) and value else [value]
                usable = [text for one in captions if (text := clean_caption(one))]
                if empty := len(captions) - len(usable):
                    yield Fault(place, _fault_of(captions, len(usable)), image=place, captions=empty, split=split)
                for text in usable:
                    yield Row(place, place, text, split=split, at=(number, row, 0))
                row += 1


def read(language: str, directory: Path | None, prompt: str | None = None) -> Catalogue:
    """Read the rows that have a caption.

    Raises UserError when the package is missing, or the directory is no such dataset or lacks the columns.
    """
    parts = _load(directory)
    rows = list(parts.values())

    def images(ids: Any, at: Int64[np.ndarray, "m 3"]) -> Cells:
        from datasets import Image

        bare = (part.select_columns(["image"]).cast_column("image", Image(decode=False)) for part in rows)
        return Cells(tuple(bare), tuple(map(_stamp, rows)), ids, at)

    return pair("huggingface", _rows(parts), images, prompt)


HUGGINGFACE = Source(languages=None, licence="The data's own.", layout=LAYOUT, read=read)
