"""Is a directory of the cache what was written there? A digest of each file says so.

``digests.json`` holds for every other file of the directory its ``sha256``, ``size`` and ``changed``, the time of its
last change in nanoseconds. While size and time are those, a file is taken for what it was, at no cost however large it
is; otherwise it is read and hashed once. So whatever was written there by whom ever is found. A disk that turns a bit
by itself is found by ``thorough`` checks alone, which read everything.
"""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gap.data.cache import build_once
from gap.data.progress import say

DIGESTS = "digests.json"
_HASHED: dict[tuple[int, int, int, int], str] = {}  # by device, inode, size and time


def build_intact(target: Path, fill: Callable[[Path], None]) -> bool:
    """Make a directory as ``build_once`` does, with the digests of its files; one that has changed is made again.

    Returns whether ``fill`` ran.
    """

    def fill_and_seal(part: Path) -> None:
        fill(part)
        seal(part)

    say_changed(target)
    return build_once(target, fill_and_seal, is_whole=is_intact)


def say_changed(directory: Path) -> bool:
    """Say in one line which file of a directory has changed, if one has; returns whether it has."""
    if changed := changed_file(directory):
        say(f"{directory / changed} is not what was written there: {directory.name} is made again")
    return changed is not None


def seal(directory: Path) -> None:
    """Write the digests of a directory's files. Raises ``OSError``."""
    described = {path.name: _describe(path) for path in sorted(directory.iterdir()) if path.name != DIGESTS}
    (directory / DIGESTS).write_text(json.dumps(described, indent=1), encoding="utf-8")


def is_intact(directory: Path) -> bool:
    """Say whether a directory is there and holds what was written there."""
    return directory.is_dir() and changed_file(directory) is None


def changed_file(directory: Path, *, thorough: bool = False) -> str | None:
    """Name the first file that is missing or is not what it was; None if there is none, or no directory.

    A directory without digests, of an earlier version, is taken as it is.
    """
    path = directory / DIGESTS
    if not path.exists():
        return None
    name, touched = DIGESTS, False
    try:
        described: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        for name, was in described.items():
            found = (directory / name).stat()
            same = (found.st_size, found.st_mtime_ns) == (was["size"], was["changed"])
            hashed = _read if thorough else _sha256
            if found.st_size != was["size"] or ((thorough or not same) and hashed(directory / name) != was["sha256"]):
                return name
            touched |= not same
    except FileNotFoundError:
        return name
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return DIGESTS
    if touched:
        _seal_again(directory)
    return None


def _seal_again(directory: Path) -> None:
    """Note the new times of files that were only touched, so that they are not read every time."""
    try:
        seal(directory)
    except OSError:
        return  # a cache that may only be read is checked in full each time


def _describe(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {"sha256": _sha256(path), "size": found.st_size, "changed": found.st_mtime_ns}


def _sha256(path: Path) -> str:
    """Hash a file, once in a process for all its names: the languages of a source share their images."""
    found = path.stat()
    version = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
    if version not in _HASHED:
        _HASHED[version] = _read(path)
    return _HASHED[version]


def _read(path: Path) -> str:
    digest, buffer = hashlib.sha256(), bytearray(1 << 22)
    with path.open("rb") as file:
        while read := file.readinto(buffer):
            digest.update(memoryview(buffer)[:read])
    return digest.hexdigest()
