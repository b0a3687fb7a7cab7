"""A disk of its own for a command, as small as a test wants it."""

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def on_small_disk(command: list[str], place: Path, *, size: str = "1m", options: str = "") -> str:
    """Run a command that sees a disk of ``size`` at ``place``; skip where no disk may be mounted."""
    mount = f'mount -t tmpfs -o size={size}{options} tmpfs "$0"'
    for unshare in (["unshare", "-m"], ["unshare", "-rm"]):
        if subprocess.run([*unshare, "sh", "-c", mount, str(place)], capture_output=True).returncode == 0:
            done = subprocess.run(
                [*unshare, "sh", "-c", f'{mount} && exec "$@"', str(place), *command],
                capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            return done.stdout
    pytest.skip("no disk may be mounted here: neither root nor user namespaces")
