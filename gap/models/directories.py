"""Directories that are there whole or not at all, whenever they are read and whatever is killed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

READABLE = 0o644  # safetensors writes files that nobody else can read


@contextmanager
def whole_directory(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield an empty directory beside ``target``, hidden, which takes its place when the block ends.

    If the block raises, or the process is killed, ``target`` is as it was; what a killed process left hidden goes with
    the next attempt. Files become readable for everybody who can enter the directory.

    Raises ``FileExistsError`` if ``target`` is there and ``replace`` is false, before the block runs.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as home, whole_directory(Path(home) / "new") as part:
    ...     (part / "a").write_text("whole"), (Path(home) / "new").exists()
    (5, False)
    """
    part, old = (target.with_name(f".{target.name}.{use}") for use in ("part", "old"))
    if target.exists() and not replace:
        raise FileExistsError(f"{target} exists")
    target.parent.mkdir(parents=True, exist_ok=True)
    for left in (part, old):
        shutil.rmtree(left, ignore_errors=True)
    part.mkdir()
    try:
        yield part
        for path in part.rglob("*"):
            if path.is_file():
                path.chmod(READABLE)
        _exchange(target, part, old)
    finally:
        for left in (part, old):
            shutil.rmtree(left, ignore_errors=True)


def _exchange(target: Path, part: Path, old: Path) -> None:
    """Rename ``part`` to ``target``; what is there is moved aside first, since removing it takes time."""
    if target.exists():
        target.rename(old)
    try:
        part.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
