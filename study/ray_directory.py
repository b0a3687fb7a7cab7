"""Where Ray keeps the files of a session on this machine: logs, sockets, what trials put together."""

import os
import shutil
import tempfile
from pathlib import Path

from gap.errors import UserError

ROOM = 50_000_000  # bytes: with less, Ray waits half a minute and then says something else


def ray_directory() -> Path:
    """Give ``ray`` in ``$RAY_TMPDIR``, or else in the directory for temporary files."""
    return Path(os.environ.get("RAY_TMPDIR") or tempfile.gettempdir()) / "ray"


def check_room() -> None:
    """Raise ``UserError`` if Ray cannot write, or has no room, where its files go."""
    directory = ray_directory()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(directory).free
    except OSError as error:
        raise UserError(f"Ray cannot keep its files in {directory} ({error.strerror}): set RAY_TMPDIR") from error
    if free < ROOM:
        raise UserError(
            f"no space left for Ray's files in {directory}: make room there ({ROOM / 1e6:.0f} MB at least, "
            f"{free / 1e6:.0f} MB are free), or set RAY_TMPDIR"
        )
