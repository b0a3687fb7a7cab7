"""Files that are there whole or not at all, whenever they are read and whatever is killed."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

PART = ".part"  # what a killed process may leave ends so, and begins with a dot


def replace_file(path: Path, write: Callable[[Path], object]) -> None:
    """Put at ``path`` what ``write`` writes at the place that it is given, beside it; then rename.

    A reader sees the old file or the new one; if ``write`` raises, or the process is killed, the old one stays. An
    ``OSError`` that names no file, as of a full disk, is given the name of this one.
    """
    with naming(path):
        _replace(path, write)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Name ``path`` in an ``OSError`` that names no file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=PART, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
