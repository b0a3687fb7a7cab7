"""Commands of the project as their users run them, and the pictures that the study of these tests is about."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageDraw

ROOT = Path(__file__).resolve().parents[2]
PICTURES = 300


def write_pictures(directory: Path) -> None:
    """Write a local copy of ARASAAC: pictures of one shape each, hostile keywords among the others."""
    (directory / "images").mkdir(parents=True)
    records = [{"_id": number, "keywords": [{"keyword": f"palabra {number}"}]} for number in range(PICTURES)]
    records[7]["keywords"] = [{"keyword": "<img src=x onerror=alert(1)>"}, {"keyword": "ñandú & co"}]
    for language in ("es", "en"):
        (directory / f"{language}.json").write_text(json.dumps(records))
    for number in range(PICTURES):
        picture = Image.new("RGB", (64, 64), "white")
        colour = (number * 37 % 256, number * 91 % 256, number * 53 % 256)
        box = (8 + number % 16, 8, 56, 56 - number % 24)
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if number % 2 else draw.rectangle)(box, fill=colour)
        picture.save(directory / "images" / f"{number}.png")


def run(*arguments: str, home: Path) -> str:
    """Run a command of the project with this Python; what it caches stays in ``home``."""
    done = subprocess.run(
        [sys.executable, str(ROOT / arguments[0]), *arguments[1:]],
        env=environment(home),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "PYTHONPATH": str(ROOT)}


@contextmanager
def explorer_over(*studies: Path, home: Path) -> Iterator[str]:
    """Start the explorer as its users do, on a free port."""
    command = [sys.executable, str(ROOT / "study" / "explorer.py"), *map(str, studies), "--port", "0"]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line
        yield line.split()[0]
        server.terminate()
