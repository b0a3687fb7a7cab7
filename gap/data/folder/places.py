"""Names of image files from a table: they stay inside its directory, or the table is refused."""

import os
import stat
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath

from gap.errors import UserError


@lru_cache(maxsize=65_536)
def _resolved(directory: str) -> str:
    return os.path.realpath(directory)


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


def fault_of(base: str, name: str, place: str) -> str | None:
    """Say why ``name`` below the resolved directory ``base`` is no image file; None if it may be one.

    Raises UserError when links lead out of ``base``.
    """
    path = os.path.join(base, name)  # noqa: PTH118  # a million rows
    try:
        folder, mode = _resolved(os.path.dirname(path)), os.lstat(path).st_mode  # noqa: PTH120
        if stat.S_ISLNK(mode):
            target = os.path.realpath(path)
            mode = os.stat(path).st_mode  # noqa: PTH116
        else:
            target = os.path.join(folder, os.path.basename(path))  # noqa: PTH118, PTH119
    except (OSError, ValueError):  # no such file, too long a name, a null byte
        return f"no image file {_shown(name)}"
    if not Path(target).is_relative_to(base):
        raise UserError(f"folder: {place}: '{_shown(name)}' leads out of {base} through a link")
    return None if stat.S_ISREG(mode) else f"{_shown(name)} is not a file"


def _shown(name: str) -> str:
    return name[:100].encode("unicode_escape").decode("ascii") if not name.isprintable() else name[:100]
