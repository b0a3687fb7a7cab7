"""The directory of one study: new, or moved aside, never mixed with another's."""

import datetime
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gap.errors import UserError
from study.naming import LONGEST, is_plain_name
from study.provenance import write_json


def study_directory(results: Path, name: str, profile: str) -> Path:
    """Name the directory; a rehearsal's says so.

    >>> study_directory(Path("results"), "arasaac_es", "rehearsal").as_posix()
    'results/arasaac_es-rehearsal'
    """
    if not is_plain_name(name):
        raise UserError(f"--name: expected a plain directory name of at most {LONGEST} bytes, got '{name}'")
    return results / (f"{name}-rehearsal" if profile == "rehearsal" else name)


def check_free(directory: Path, *, overwrite: bool) -> None:
    """Raise ``UserError`` if a study is there already and may not be moved."""
    if directory.exists() and not overwrite:
        raise UserError(
            f"{directory} exists: --resume {directory} goes on with it, another --name begins anew, --overwrite moves "
            "it aside"
        )


def check_writable(directory: Path) -> None:
    """Raise ``UserError`` if the directory, or the nearest one above it that is there, may not be written to."""
    nearest = next(
        place for place in (directory.absolute(), *directory.absolute().parents) if os.access(place, os.F_OK)
    )
    if not nearest.is_dir():
        raise UserError(f"cannot make the results directory {directory}: {nearest} is a file")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UserError(f"cannot write to the results directory {directory}: {nearest} is read-only, or not yours")


def make_directory(directory: Path, about: Mapping[str, Any]) -> Path:
    """Make the directory with its ``study.json``, both or neither; returns it, absolute.

    One that is there already is moved to ``<name>.<time of the move>``.
    """
    part = directory.with_name(f".{directory.name}.{os.getpid()}.part")
    try:
        part.mkdir(parents=True)
        write_json(about, part / "study.json")
        if directory.exists():
            stamp = datetime.datetime.now().strftime("%Y%m%d-%H%M%S-%f")
            directory.rename(directory.with_name(f"{directory.name}.{stamp}"))
        part.rename(directory)
    except OSError as error:
        raise UserError(f"cannot make the results directory {directory}: {error.strerror}") from error
    return directory.resolve()
