"""A directory with one table of image, caption[, split, group] as records.

Layout: one ``.csv``, ``.tsv``, ``.parquet`` or ``.jsonl`` file and, below the same directory, the images that it names.
Several rows of one image are its captions, in their order; in Parquet and JSON Lines a caption may also be a list. The
columns' other names are in ``gap.data.folder.names``, what names of files may differ in is in ``places``.
``split`` is train, test or val (left out); ``group`` any name: images of one group stay on one side of the split.
"""

import ast
import math
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gap.data.captions import clean_caption
from gap.data.folder.places import Places, safe_name
from gap.data.folder.table import READERS, read_rows
from gap.data.pairing import Fault, Part, Row, pair
from gap.data.records import Catalogue, Source
from gap.errors import UserError

LAYOUT = f"one table ({', '.join(READERS)}) of image, caption[, split, group], and the images that it names"
PARTS: dict[str, Part] = {
    "train": "train", "test": "test", "val": "val", "valid": "val", "validation": "val", "dev": "val"
}  # fmt: skip


@dataclass(frozen=True)
class FolderImages:
    """Finds the image of a row: its id is its path."""

    directory: Path
    ids: Any

    def __call__(self, row: int) -> Path:
        """Give the path."""
        return self.directory / str(self.ids[row])


def find_table(given: Path | None) -> Path:
    """Find the table: the file given, or the only one in the directory. Raises UserError."""
    if given is None:
        raise UserError(f"folder: no data; give --data-dir DIR, where DIR holds {LAYOUT}")
    if given.is_file() and given.suffix.lower() in READERS:
        return given
    if not given.is_dir():
        raise UserError(f"folder: expected a directory with {LAYOUT}, or the table itself, got {given}")
    tables = sorted(
        path for path in given.iterdir() if path.suffix.lower() in READERS and path.name[0] != "." and path.is_file()
    )
    if len(tables) != 1:
        found = ", ".join(path.name for path in tables[:5]) or "none"
        raise UserError(f"folder: expected one table ({', '.join(READERS)}) in {given}, found {found}; name it itself")
    return tables[0]


def _optional(value: Any) -> str | None:
    """Read a split or group: null, NaN and blank are nothing."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return None
    return clean_caption(str(value))


def _name(value: Any, place: str) -> str:
    """Normalise the name of an image. Raises ValueError where there is none, UserError where it leads elsewhere."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"expected the name of an image file, got {type(value).__name__}")
    if not value or not value.strip():
        raise ValueError("no image")
    return safe_name(value.strip(), place)


def _caption(value: Any) -> str:
    """Clean a caption. Raises ValueError where there is none."""
    if value is not None and not isinstance(value, str):
        raise ValueError(f"expected a text as the caption, got {type(value).__name__}")
    if (text := clean_caption(value)) is None:
        raise ValueError("no caption")
    if _is_list(text):
        raise ValueError(f"the caption {text[:40]} is a list written as a text; give each caption a row of its own")
    return text


def _is_list(text: str) -> bool:
    """Tell whether a text is a list of texts, as Python and JSON write it."""
    if not (text.startswith(("['", '["')) and text.endswith(("']", '"]'))):
        return False
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return False
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _split(value: Any) -> Part | None:
    """Read a part of the split. Raises ValueError for another word."""
    if (word := _optional(value)) is None:
        return None
    if word.casefold() not in PARTS:
        raise ValueError(f"split '{word[:40]}': expected train, test or val")
    return PARTS[word.casefold()]


def _checked(places: Places, place: str, values: Mapping[str, Any] | str) -> Iterator[Row | Fault]:
    """Make rows of a table's row, one a caption, or say why there is none."""
    if isinstance(values, str):
        yield Fault(place, values)
        return
    name, split, fault = None, None, ""
    try:
        split = _split(values.get("split"))
    except ValueError as error:
        fault = str(error)
    try:
        name = _name(values.get("image"), place)
        image = places.find(name, place)
    except UserError:
        raise
    except ValueError as error:
        yield Fault(place, str(error), "image" if name else "captions", image=name, split=split)
        return
    if fault:
        yield Fault(place, fault, image=image)
        return
    captions, group = values.get("caption"), _optional(values.get("group"))
    for caption in captions if isinstance(captions, list) and captions else [captions]:
        try:
            yield Row(place, image, _caption(caption), split, group)
        except ValueError as error:
            yield Fault(place, str(error), image=image, split=split)


def _rows(base: str, table: Path) -> Iterable[Row | Fault]:
    places = Places(base)
    for place, values in read_rows(table):
        yield from _checked(places, f"{table.name}, {place}", values)


def read(language: str, directory: Path | None, prompt: str | None = None) -> Catalogue:
    """Read the table's rows whose image file exists and which have a caption.

    Raises UserError when there is no table or not one, when it is malformed, or an image path leaves its directory.
    """
    table = find_table(directory)
    base = Path(os.path.realpath(table.parent))
    return pair("folder", _rows(str(base), table), lambda ids, at: FolderImages(base, ids), prompt)


FOLDER = Source(languages=None, licence="The data's own.", layout=LAYOUT, read=read)
