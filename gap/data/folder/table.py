"""The rows of a table in CSV, JSON Lines or Parquet, one at a time. A row is a mapping, or a text that says its fault.

Raises ``UserError`` for a file that is no such table at all.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from gap.data.folder.names import Naming, naming_of
from gap.data.utf8 import decode_utf8, first_fault, is_utf16
from gap.errors import UserError

_EXCEL = "in Excel: Save As, 'CSV UTF-8'"
Rows = Iterator[tuple[str, Mapping[str, Any] | str]]


def read_rows(path: Path) -> Rows:
    """Return each row with its place in the file, such as ``line 7``, by the columns' own names."""
    return READERS[path.suffix.lower()](path)


def _naming(path: Path, found: list[str], hint: str = "") -> Naming:
    try:
        return naming_of(found)
    except ValueError as error:
        raise UserError(f"folder: {path} {error}{hint}") from error


def _header(path: Path) -> tuple[str, list[str]]:
    """Read the first line: the separator, a tab where it has one and no comma, and its cells."""
    with path.open("rb") as file:
        if is_utf16(file.read(4)):
            raise UserError(f"folder: {path}, {first_fault(path)} ({_EXCEL})")
    with path.open(encoding="utf-8-sig", newline="") as file:
        first = file.readline()
    delimiter = "\t" if "\t" in first and "," not in first else ","
    header = [name.strip() for name in next(csv.reader([first], delimiter=delimiter, strict=True), [])]
    if not header:
        raise UserError(f"folder: {path} is empty; expected a first line with image, caption")
    return delimiter, header


def _csv(path: Path) -> Rows:
    reader: Any = None
    try:
        delimiter, header = _header(path)
        naming = _naming(path, header, "; columns are separated by commas or tabs")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            next(reader)
            for cells in reader:
                place = f"line {reader.line_num}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    yield place, f"{len(cells)} cells, but the first line names {len(header)} columns"
                else:
                    # An empty cell is how a CSV says that there is nothing.
                    row = {name: cell or None for name, cell in zip(header, cells, strict=True)}
                    yield place, naming.rename(row)
    except csv.Error as error:
        raise UserError(f"folder: {path}, line {reader.line_num if reader else 1}: {error}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"folder: {path}, {first_fault(path) or error} ({_EXCEL})") from error


def _jsonl(path: Path) -> Rows:
    number, naming, wrong = 0, None, None
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            place = f"line {number}"
            try:
                text = decode_utf8(line)
            except ValueError as error:
                yield place, str(error)
                continue
            try:
                row = json.loads(text or "null") if line.strip() else None
            except (ValueError, RecursionError) as error:
                yield place, f"not JSON: {error}"
                continue
            if not isinstance(row, dict):
                if line.strip():
                    yield place, f"expected an object with image and caption, got {type(row).__name__}"
                continue
            try:
                naming = naming or naming_of(list(row))  # the first line that has both names decides for all
                yield place, naming.rename(row)
            except ValueError as error:
                wrong = wrong or error
                yield place, str(error)
    if number == 0:
        raise UserError(f'folder: {path} is empty; expected lines such as {{"image": "1.png", "caption": "a"}}')
    if wrong and not naming:
        raise UserError(f"folder: {path} {wrong}")


def _parquet(path: Path) -> Rows:
    try:
        with pq.ParquetFile(path) as file:
            schema = file.schema_arrow
            naming = _naming(path, list(schema.names))
            kind = schema.field(naming.image).type
            if pa.types.is_struct(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
                raise UserError(
                    f"folder: {path} holds the images themselves in column {naming.image} ({str(kind)[:60]}), and "
                    "expected are names of files; read it as dataset: huggingface, after "
                    f"datasets.Dataset.from_parquet({path.name!r}).cast_column({naming.image!r}, datasets.Image())"
                    + (f".rename_column({naming.image!r}, 'image')" if naming.image != "image" else "")
                    + ".save_to_disk(DIR)"
                )
            number = 0
            for batch in file.iter_batches(batch_size=4_096, columns=naming.columns):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", naming.rename(row)
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"folder: cannot read {path}: {' '.join(str(error).split())[:200]}") from error


READERS: dict[str, Callable[[Path], Rows]] = {".csv": _csv, ".tsv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
