"""``manifest.jsonl``: one line for every picture that was verified, added when the picture has its name.

The last line of an id counts. A line that a kill has cut short counts for nothing, so its picture is fetched again.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gap.data.arasaac.identifiers import usable_id
from gap.data.arasaac.place import image_path
from gap.data.whole_files import replace_file


@dataclass(frozen=True)
class Kept:
    """A verified picture: the pixels that were asked for, its bytes and their sha256, its record's ``lastUpdated``."""

    id: int
    size: int
    sha256: str
    bytes: int
    last_updated: str | None = None

    def is_there(self, place: Path) -> bool:
        """Tell whether the file is the one that was verified, byte for byte."""
        path = image_path(place, self.id)
        try:
            if path.is_symlink() or path.stat().st_size != self.bytes:
                return False
            return hashlib.sha256(path.read_bytes()).hexdigest() == self.sha256
        except OSError:
            return False


def _line(kept: Kept) -> bytes:
    fields = {"id": kept.id, "size": kept.size, "sha256": kept.sha256, "bytes": kept.bytes}
    return json.dumps({**fields, "lastUpdated": kept.last_updated}).encode() + b"\n"


def _read_line(line: bytes) -> dict[str, Any]:
    try:
        content = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def read_manifest(path: Path) -> dict[int, Kept]:
    """Read what was verified, by id; lines that say nothing are passed over."""
    kept: dict[int, Kept] = {}
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        entry = _read_line(line)
        identifier, stamp = usable_id(entry.get("id")), entry.get("lastUpdated")
        if identifier is None:
            continue
        kept.pop(identifier, None)
        size, sha256, length = (entry.get(name) for name in ("size", "sha256", "bytes"))
        if type(size) is int and isinstance(sha256, str) and type(length) is int:
            kept[identifier] = Kept(identifier, size, sha256, length, stamp if isinstance(stamp, str) else None)
    return kept


def write_manifest(path: Path, kept: Iterable[Kept]) -> None:
    """Write it anew, a line for each picture, by ascending id."""
    lines = b"".join(map(_line, sorted(kept, key=lambda one: one.id)))
    replace_file(path, lambda temporary: temporary.write_bytes(lines))


class Manifest:
    """The open file: every call is one write at its end."""

    def __init__(self, path: Path) -> None:
        cut_short = path.is_file() and not path.read_bytes().endswith(b"\n") and path.stat().st_size > 0
        self._file = path.open("ab", buffering=0)
        if cut_short:
            self._file.write(b"\n")

    def add(self, kept: Kept) -> None:
        """Record a picture that lies under its name."""
        self._file.write(_line(kept))

    def forget(self, identifiers: Iterable[int]) -> None:
        """Record that these pictures are out of date: until they are added again they count as absent."""
        if lines := b"".join(json.dumps({"id": one, "stale": True}).encode() + b"\n" for one in identifiers):
            self._file.write(lines)

    def close(self) -> None:
        """Close the file."""
        self._file.close()
