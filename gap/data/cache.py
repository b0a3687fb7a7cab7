"""Directories that appear whole or not at all, built by one process at a time."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock
from platformdirs import user_cache_path

from gap.errors import UnavailableError, UserError


def default_cache() -> Path:
    """Return ``$MODALITY_GAP_CACHE``, or else the user's cache directory for ``modality-gap``."""
    chosen = os.environ.get("MODALITY_GAP_CACHE")
    return Path(chosen).expanduser() if chosen else user_cache_path("modality-gap", appauthor=False)


def _lock(target: Path) -> FileLock:
    return FileLock(target.with_name(f".{target.name}.lock"))


def _part(target: Path) -> Path:
    return target.with_name(f"{target.name}.part")


def build_once(target: Path, fill: Callable[[Path], None], *, is_whole: Callable[[Path], bool] = Path.is_dir) -> bool:
    """Make the directory ``target`` unless it exists: ``fill`` writes into a temporary one, which is then renamed.

    A directory that is there but not ``is_whole`` is replaced. A second process waits for the first and finds the
    result. The lock ends with its process, however that ends, so a temporary directory found under the lock is dead and
    is removed. Returns whether ``fill`` ran.

    Raises UnavailableError when the directory cannot be written.
    """
    if is_whole(target):
        return False
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _lock(target):
            if is_whole(target):
                return False
            shutil.rmtree(target, ignore_errors=True)
            _build(target, fill)
    except OSError as error:
        raise UnavailableError(
            f"cannot write to the cache directory {target.parent}: {error.strerror or error}"
        ) from error
    return True


def _build(target: Path, fill: Callable[[Path], None]) -> None:
    part = _part(target)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        fill(part)
        part.replace(target)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def build_resumable(begun: Path, find: Callable[[], Path | None], fill: Callable[[Path], Path]) -> Path:
    """Give the directory that ``find`` finds, or else make it: ``fill`` goes on with what is in its temporary one.

    ``begun`` names the temporary directory and the lock; ``fill`` returns where its directory is to be renamed to.
    What is interrupted or fails stays, but for what is wrong with the user's data, a UserError: that is removed.

    Raises UnavailableError when the directory cannot be written.
    """
    if found := find():
        return found
    part = _part(begun)
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        with _lock(begun):
            if found := find():
                return found
            part.mkdir(exist_ok=True)
            try:
                target = fill(part)
            except UserError:
                shutil.rmtree(part, ignore_errors=True)
                raise
            if target.is_dir():  # another one came to the same end
                shutil.rmtree(part, ignore_errors=True)
            else:
                part.replace(target)
            return target
    except OSError as error:
        with contextlib.suppress(OSError):
            part.rmdir()  # where nothing was written
        raise UnavailableError(
            f"cannot write to the cache directory {begun.parent}: {error.strerror or error}"
        ) from error


def remove_dead_parts(directory: Path, *, keep: Callable[[Path], bool] = lambda part: False) -> None:
    """Remove what interrupted processes left in ``directory``: temporary directories whose lock nobody holds.

    What is in use, cannot be removed or is to be kept stays.
    """
    for part in directory.glob("*.part"):
        try:
            with _lock(part.with_suffix("")).acquire(timeout=0):
                if not keep(part):
                    shutil.rmtree(part, ignore_errors=True)
        except OSError:  # Among them filelock's Timeout: somebody is filling it.
            continue
