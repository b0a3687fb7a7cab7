"""A browser without a window, pages that are watched while they are open, and something real to show in them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromium import ARGUMENTS, REMEDY, Visit, Watch, browser_here
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 30_000  # milliseconds for what a page is to show
PICTURES = 300


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start a browser; without one the tests are skipped, or fail where CI is set."""
    with sync_playwright() as playwright:
        path = browser_here(playwright.chromium.executable_path)
        if path is None:
            (pytest.fail if os.environ.get("CI") else pytest.skip)(REMEDY)
        launched = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Give what opens an address; after the test no page may have reported an error or asked for anything elsewhere."""
    watch = Watch()

    def open_address(address: str, *, width: int = 1280, height: int = 900, dark: bool = False) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        watch.follow(page)
        page.goto(address)
        return page

    yield open_address
    for context in browser.contexts:
        context.close()
    assert watch.faults == []


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Run a study: three trials of `tiny` on three hundred pictures under ARASAAC's name and licence."""
    home = tmp_path_factory.mktemp("browser")
    write_pictures(home / "arasaac")
    run(
        "study/run.py", "--space", "arasaac_es.yaml", "--data-dir", str(home / "arasaac"), "--model", "tiny",
        "--profile", "rehearsal", "--epochs", "1", "--set", "batch_size=64", "--trials", "3", "--name", "seen",
        "--results-dir", str(home / "results"), home=home,
    )  # fmt: skip
    return home / "results" / "seen-rehearsal"


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


@pytest.fixture(scope="session")
def explorer(study: Path) -> Iterator[str]:
    """Start the explorer over the study; gives its address, with a slash at the end."""
    home = study.parents[1]
    command = [sys.executable, str(ROOT / "study" / "explorer.py"), str(study), "--port", "0"]
    with subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        assert line.startswith("http://127.0.0.1:"), line
        yield line.split()[0]
        server.terminate()
