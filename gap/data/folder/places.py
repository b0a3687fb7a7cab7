"""Names of image files from a table: they stay inside its directory, or the table is refused.

A name is that of a file if it is spelled as the file is, or differs only in how accents are composed (NFC, NFD), as
names do that went through a Mac, or has ``\\`` for ``/``, as names from Windows have.
"""

import os
import stat
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

from gap.errors import UserError


def safe_name(name: str, place: str) -> str:
    """Normalise the name of an image relative to the table.

    Raises UserError for a path that is absolute or goes up.

    >>> safe_name("./birds//1.png", "line 2")
    'birds/1.png'
    """
    path = PurePosixPath(name)
    if path.is_absolute() or PureWindowsPath(name).is_absolute() or PureWindowsPath(name).drive:
        raise UserError(f"folder: {place}: expected an image path relative to the table, got '{_shown(name)}'")
    if ".." in path.parts or ".." in PureWindowsPath(name).parts:
        raise UserError(f"folder: {place}: expected an image path without '..', got '{_shown(name)}'")
    return path.as_posix()


class Places:
    """The files below a directory, which is ``base`` with its links resolved, by the names that a table has for them.

    What was looked up is kept: make one for each reading of a table.
    """

    def __init__(self, base: str) -> None:
        self.base = base
        self._resolved: dict[str, str] = {}
        self._listed: dict[str, dict[str, list[str]]] = {}

    def find(self, name: str, place: str) -> str:
        """Return the name of the image file as it is on disk.

        Raises ValueError where there is none, or two would do, and UserError when links lead out of ``base``.
        """
        if name != name.encode("utf-8", "ignore").decode("utf-8"):  # its file may be there, under bytes of no text
            raise ValueError(f"no image file {_shown(name)}: the name is no UTF-8")
        fault = self._fault_of(name, place)
        if fault is None and name.isascii():
            return name
        slashed = PureWindowsPath(name).as_posix()
        for candidate in dict.fromkeys((name, slashed)):
            found = self._spelled(candidate)
            if len(found) > 1:
                all_of_them = " or ".join(map(ascii, found[:3]))
                raise ValueError(f"{_shown(name)} may be {all_of_them}, which differ in how accents are composed alone")
            # A file system that takes both spellings has one of them: one image gets one name.
            if found and (fault := self._fault_of(found[0], place)) is None:
                return found[0]
        if fault is None:  # there, in a folder that cannot be listed
            return name
        raise ValueError(fault + self._near(slashed))

    def _fault_of(self, name: str, place: str) -> str | None:
        """Say why a name, spelled as on disk, is no image file; None if it may be one."""
        path = os.path.join(self.base, name)  # noqa: PTH118  # a million rows
        try:
            folder, mode = self._folder(os.path.dirname(path)), os.lstat(path).st_mode  # noqa: PTH120
            if stat.S_ISLNK(mode):
                target = os.path.realpath(path)
                mode = os.stat(path).st_mode  # noqa: PTH116
            else:
                target = os.path.join(folder, os.path.basename(path))  # noqa: PTH118, PTH119
        except (OSError, ValueError):  # no such file, too long a name, a null byte
            return f"no image file {_shown(name)}"
        if not Path(target).is_relative_to(self.base):
            raise UserError(f"folder: {place}: '{_shown(name)}' leads out of {self.base} through a link")
        return None if stat.S_ISREG(mode) else f"{_shown(name)} is not a file"

    def _folder(self, directory: str) -> str:
        if directory not in self._resolved:
            self._resolved[directory] = os.path.realpath(directory)
        return self._resolved[directory]

    def _spelled(self, name: str) -> list[str]:
        """List the names on disk that are ``name`` once accents are composed; its own spelling alone if it is there."""
        found = [""]
        for part in name.split("/"):
            found = [f"{folder}{own}/" for folder in found for own in self._spellings(folder, part)]
        return [own.rstrip("/") for own in found]

    def _spellings(self, folder: str, part: str) -> list[str]:
        composed = unicodedata.normalize("NFC", part)
        same = [own for own in self._alike(folder, part) if unicodedata.normalize("NFC", own) == composed]
        return [part] if part in same else same

    def _near(self, name: str) -> str:
        """Name a file whose name differs in case alone, if there is one."""
        found = ""
        for part in name.split("/"):
            own = next(iter(self._alike(found, part)), None)
            if own is None:
                return ""
            found += f"{own}/"
        near = found.rstrip("/")
        return f"; there is {_shown(near)}, which differs in case" if near != name else ""

    def _alike(self, folder: str, part: str) -> list[str]:
        """List what a folder below the base holds under a name, whatever its case and how accents are composed."""
        if folder not in self._listed:
            entries: dict[str, list[str]] = {}
            try:
                path = self._folder(os.path.join(self.base, folder))  # noqa: PTH118
                for name in sorted(os.listdir(path)) if Path(path).is_relative_to(self.base) else ():  # noqa: PTH208
                    entries.setdefault(_folded(name), []).append(name)
            except (OSError, ValueError):  # none, or none that may be listed
                pass
            self._listed[folder] = entries
        return self._listed[folder].get(_folded(part), [])


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _shown(name: str) -> str:
    return name[:100].encode("unicode_escape").decode("ascii") if not name.isprintable() else name[:100]
