"""One process a study directory at a time."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from gap.errors import UserError

LOCK = ".lock"
HOLDER = ".pid"


@contextmanager
def study_lock(directory: Path) -> Iterator[None]:
    """Hold a study's directory; the system lets it go when the process ends, however it ends.

    Raises ``UserError`` with the process that holds it.
    """
    lock = FileLock(directory / LOCK)
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        raise UserError(f"{directory} is in use: process {_holder(directory)} runs this study") from error
    except OSError as error:
        raise UserError(f"cannot write to the results directory {directory}: {error.strerror}") from error
    try:
        (directory / HOLDER).write_text(str(os.getpid()))
        yield
    finally:
        (directory / HOLDER).unlink(missing_ok=True)
        lock.release()


def _holder(directory: Path) -> str:
    try:
        return (directory / HOLDER).read_text()
    except OSError:
        return "?"
