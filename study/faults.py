"""What goes wrong around a study, and not in it: a disk, permissions, a damaged record; said in one line each."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

from gap.errors import UnavailableError

OF_FILES = {
    errno.ENOSPC: "no space left on the disk of {}: make room",
    errno.EDQUOT: "no space left in your quota on the disk of {}: make room",
    errno.EFBIG: "{} has reached the largest size that a file may have here (ulimit -f): raise it",
    errno.EROFS: "the file system of {} is read-only: mount it for writing",
    errno.EACCES: "permission denied for {}: give yourself the right to read and write there",
    errno.EPERM: "permission denied for {}: give yourself the right to read and write there",
    errno.EIO: "the disk of {} fails to read or write (I/O error): check it",
    errno.EMFILE: "too many open files at {}: raise the limit (ulimit -n)",
}
# PyTorch, safetensors and SQLite tell of such faults in words only.
IN_WORDS = {
    "No space left on device": OF_FILES[errno.ENOSPC],
    "StorageFull": OF_FILES[errno.ENOSPC],
    "PytorchStreamWriter failed writing": "a file on the disk of {} could not be written whole: make room",
    "inline_container": "a file on the disk of {} could not be written whole: make room",
    "database or disk is full": "no space left on the disk of optuna.db: make room",
    "disk I/O error": "the disk of optuna.db fails to read or write, or is full: check it",
    "readonly database": "optuna.db cannot be written to: give yourself the right to write to it and beside it",
    "unable to open database file": "optuna.db cannot be opened: give yourself the right to read and write it",
    "database is locked": "another process holds optuna.db: end it",
    "database disk image is malformed": "optuna.db is damaged: put a copy of it back",
    "file is not a database": "optuna.db is damaged: put a copy of it back",
}


def fault_in(error: BaseException, place: Path | str) -> str | None:
    """Say in one line what is wrong with the machine and how to mend it; None if ``error`` tells of no such thing.

    ``place`` is named where the error knows no file.

    >>> fault_in(OSError(28, "No space left on device", "results/a/trials.csv"), "results/a")
    'no space left on the disk of results/a/trials.csv: make room'
    >>> fault_in(RuntimeError("expected 2 dimensions"), "results/a") is None
    True
    """
    for one in _chain(error):
        if isinstance(one, UnavailableError):
            return str(one)
        if isinstance(one, OSError) and one.errno in OF_FILES:
            return OF_FILES[one.errno].format(os.fspath(one.filename) if one.filename else place)
        for words, line in IN_WORDS.items():
            if words in str(one):
                return line.format(place)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Give an error and what it was raised from."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
