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

from gap.errors import UserError

REQUIRED = ("image", "caption")
OPTIONAL = ("split", "group")
Rows = Iterator[tuple[str, Mapping[str, Any] | str]]


def read_rows(path: Path) -> Rows:
    """Give each row with its place in the file, such as ``line 7``."""
    return READERS[path.suffix.lower()](path)


def _check_columns(path: Path, found: list[str]) -> None:
    for name in REQUIRED:
        if name not in found:
            raise UserError(
                f"folder: {path} has no column {name}; expected {', '.join(REQUIRED)}[, {', '.join(OPTIONAL)}], "
                f"separated by commas in a CSV, got {', '.join(found)[:200]}"
            )
    if repeated := [name for name in (*REQUIRED, *OPTIONAL) if found.count(name) > 1]:
        raise UserError(f"folder: {path} has more than one column {repeated[0]}")


def _csv(path: Path) -> Rows:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = [name.strip() for name in next(reader, [])]
            if not header:
                raise UserError(f"folder: {path} is empty; expected a first line with {', '.join(REQUIRED)}")
            _check_columns(path, header)
            for cells in reader:
                place = f"line {reader.line_num}"
                if not cells:
                    continue
                if len(cells) != len(header):
                    yield place, f"{len(cells)} cells, but the first line names {len(header)} columns"
                else:
                    # An empty cell is how a CSV says that there is nothing.
                    yield place, {name: cell or None for name, cell in zip(header, cells, strict=True)}
        except csv.Error as error:
            raise UserError(f"folder: {path}, line {reader.line_num}: {error}") from error
        except UnicodeDecodeError as error:
            raise UserError(f"folder: {path}, after line {reader.line_num}: expected UTF-8: {error.reason}") from error


def _jsonl(path: Path) -> Rows:
    number = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            place = f"line {number}"
            try:
                row = json.loads(line.decode("utf-8-sig") or "null") if line.strip() else None
            except (ValueError, RecursionError) as error:  # among them what is not UTF-8
                yield place, f"not JSON: {error}"
                continue
            if isinstance(row, dict):
                yield place, row
            elif line.strip():
                yield place, f"expected an object with {' and '.join(REQUIRED)}, got {type(row).__name__}"
    if number == 0:
        raise UserError(f'folder: {path} is empty; expected lines such as {{"image": "1.png", "caption": "a"}}')


def _parquet(path: Path) -> Rows:
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(path, list(file.schema_arrow.names))
            wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in file.schema_arrow.names]
            number = 0
            for batch in file.iter_batches(batch_size=4_096, columns=wanted):
                for row in batch.to_pylist():
                    number += 1
                    yield f"row {number}", row
    except (pa.ArrowException, OSError, ValueError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"folder: cannot read {path}: {' '.join(str(error).split())[:200]}") from error


READERS: dict[str, Callable[[Path], Rows]] = {".csv": _csv, ".jsonl": _jsonl, ".parquet": _parquet}
