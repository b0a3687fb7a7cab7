"""Tables that grow by a row at a time, and are there whole whenever they are read and whatever is killed."""

import os
import shutil
from pathlib import Path

from gap.data.whole_files import naming, replace_file


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
