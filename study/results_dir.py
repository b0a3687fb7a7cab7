"""The directory of one study: new, or moved aside, never mixed with another's."""

import datetime
from pathlib import Path

from gap.errors import UserError


def study_directory(results: Path, name: str, profile: str) -> Path:
    """Name the directory; a rehearsal's says so.

    >>> study_directory(Path("results"), "arasaac_es", "rehearsal").as_posix()
    'results/arasaac_es-rehearsal'
    """
    if not name or Path(name).name != name or name.startswith("."):
        raise UserError(f"--name: expected a plain directory name, got '{name}'")
    return results / (f"{name}-rehearsal" if profile == "rehearsal" else name)


def check_free(directory: Path, *, overwrite: bool) -> None:
    """Raise ``UserError`` if a study is there already and may not be moved."""
    if directory.exists() and not overwrite:
        raise UserError(f"{directory} exists: give another --name, or --overwrite to move it aside")


def make_directory(directory: Path) -> Path:
    """Make the directory, after moving one that is there to ``<name>.<time of the move>``; returns it, absolute."""
    if directory.exists():
        stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
        directory.rename(directory.with_name(f"{directory.name}.{stamp}"))
    try:
        directory.mkdir(parents=True)
    except OSError as error:
        raise UserError(f"cannot make the results directory {directory}: {error.strerror}") from error
    return directory.resolve()
