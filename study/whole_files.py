"""Files that are there whole or not at all, whenever they are read and whatever is killed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


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
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        write(temporary)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


class GrowingFile:
    """A file that mostly grows at its end, at the cost of what is new instead of the whole.

    Two copies take turns. What came since is added to the hidden one, ``.<name>.next``, which is renamed over the
    other; that one stays, under the hidden name, for the next turn. So nobody writes to the file that has the name.
    Any other change is written anew as ``replace_file`` does, and the hidden copy goes.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._next, self._held = (path.with_name(f".{path.name}.{use}") for use in ("next", "held"))
        self._written = False
        self._lacking: bytes | None = None  # what the hidden copy lacks; None if there is no copy to go on from

    def replace(self, text: bytes) -> None:
        """Make ``text`` the content of the file."""
        self._lacking = None
        for copy in (self._next, self._held):
            copy.unlink(missing_ok=True)
        replace_file(self._path, lambda temporary: temporary.write_bytes(text))
        self._written = True

    def grow(self, added: bytes) -> bool:
        """Add to the file. Returns False where that cannot be done, and ``replace`` can.

        So it is before the first ``replace``, where the file is gone, and where the file system has no links.
        """
        if not (self._written and self._path.exists()):
            return False
        lacking, self._lacking = self._lacking, None  # should this be interrupted, the copy is none to go on from
        if lacking is None:
            replace_file(self._next, lambda temporary: shutil.copyfile(self._path, temporary))
        with naming(self._path), self._next.open("ab") as file:
            file.write((lacking or b"") + added)
        try:
            self._held.unlink(missing_ok=True)
            os.link(self._path, self._held)
        except OSError:
            return False
        self._next.replace(self._path)
        self._held.replace(self._next)
        self._lacking = added
        return True
