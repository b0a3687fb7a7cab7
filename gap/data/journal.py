"""What is done of an array that is being written: one line of JSON a chunk of records.

A line comes after its rows, and carries their checksum: rows of a machine that went down in between are written again.
"""

import json
import time
import zlib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

JOURNAL = "done.jsonl"
KEPT_S = 14 * 86_400


@dataclass(frozen=True)
class Done:
    """A chunk of records: the digests of all, the rows written, their checksum, and ``[id, reason]`` of the others."""

    digests: list[str]
    rows: int
    checksum: int
    left_out: list[list[str]]


def read_journal(path: Path, about: list[Any]) -> Iterator[Done]:
    """Give the chunks that a file tells of, up to the first torn line; none if the file is about something else."""
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, ValueError):
        return
    try:
        if json.loads(lines[0]) != about:
            return
        for line in lines[1:-1]:
            yield Done(**json.loads(line))
    except (ValueError, TypeError):
        return


def is_resumable(part: Path) -> bool:
    """Tell whether somebody may yet go on from a directory that was left: it has a journal of the last fortnight."""
    try:
        return time.time() - (part / JOURNAL).stat().st_mtime < KEPT_S
    except OSError:
        return False


def write_journal(path: Path, about: list[Any], chunks: list[Done]) -> None:
    """Begin the file anew with these chunks."""
    temporary = path.with_suffix(".next")
    temporary.write_text("".join(f"{line}\n" for line in (json.dumps(about), *map(_line, chunks))), encoding="utf-8")
    temporary.replace(path)


def add_to_journal(path: Path, chunk: Done) -> None:
    """Add a chunk whose rows are written."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{_line(chunk)}\n")


def checksum(rows: bytes | memoryview) -> int:
    """Give a checksum of rows."""
    return zlib.crc32(rows)


def _line(chunk: Done) -> str:
    return json.dumps(asdict(chunk))
