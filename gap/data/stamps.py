"""Whether files are those of an earlier call, without reading them: by size and times.

A stamp is trusted only when the file was left alone for some seconds before it was taken: what is written within one
tick of the clock has the same times. Status changes count as well, which copying with kept dates does not conceal.
"""

import hashlib
import json
import stat
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, runtime_checkable

from gap.data.records import ImageFile, Record

SETTLED_NS = 2_000_000_000
Stamp = tuple[int, ...]


@runtime_checkable
class Stamped(Protocol):
    """An image file that is part of another one and knows its stamp; raises OSError."""

    def stamp(self) -> Stamp: ...  # noqa: D102


def file_stamp(path: Path) -> Stamp:
    """Give the times of a file's content and status, in nanoseconds, and its size. Raises OSError unless it is one."""
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise OSError(f"{path} is not a file")
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size


def _stamp(image: ImageFile) -> Stamp | None:
    if isinstance(image, Path):
        return file_stamp(image)
    return image.stamp() if isinstance(image, Stamped) else None


def stamps_key(records: Iterable[Record], *about: int) -> str | None:
    """Hash ids and stamps; None where a file cannot be told apart from a later one, or is not there."""
    settled = time.time_ns() - SETTLED_NS
    found = hashlib.sha256(json.dumps(about).encode())
    for record in records:
        try:
            stamp = _stamp(record.image)
        except OSError:
            return None
        if stamp is None or max(stamp[:2]) > settled:
            return None
        found.update(json.dumps([record.id, *stamp]).encode())
    return found.hexdigest()
