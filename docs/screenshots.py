"""Take the README's pictures of what a study shows: its report, the explorer's pages.

    python docs/screenshots.py results/arasaac_es-rehearsal

Needs Chromium, Chrome or Edge, and the packages of the extra `dev`. The report and the explorer are started as their
users start them; the report of the study is written anew. Pictures are 1280 pixels wide and smaller than 250 kB.
"""

import argparse
import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
WIDTH = 1280
LARGEST = 250_000  # bytes of a picture
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--hide-scrollbars")
QUERY = "animal de granja"


def report(page: Page, address: str) -> None:
    """Show the top of the report: the summary and the front."""
    page.goto(address)
    page.locator("#chart-front .main-svg").first.wait_for()


def sphere(page: Page, address: str) -> None:
    """Show the sphere as it opens."""
    page.goto(f"{address}sphere")
    page.locator("#sphere-view canvas").first.wait_for()
    page.locator("#sphere-sweep .main-svg").first.wait_for()


def study(page: Page, address: str) -> None:
    """Show the front, and the trial that is chosen at first beside the last other one of the front."""
    page.goto(f"{address}study")
    page.locator("#study-curves .main-svg").first.wait_for()
    first = page.locator("#study-parameters th", has_text="A · ").inner_text().rsplit(" · ", 1)[1]
    page.locator("#study-trial-b").click()
    page.locator(".dash-dropdown-search").fill("· front")
    page.locator(".dash-dropdown-option").filter(has_not_text=first).last.click()
    page.locator("#study-parameters th", has_text="B · ").first.wait_for()
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")


def search(page: Page, address: str) -> None:
    """Ask for something, with the trial beside the model before training."""
    page.goto(f"{address}search")
    page.locator("#search-query").fill(QUERY)
    page.locator("#search-results li").nth(23).wait_for(timeout=600_000)  # all pictures are embedded first
    page.locator("h1").click()


# What is taken, by file: what opens it, and its height in pixels.
PICTURES: dict[str, tuple[Callable[[Page, str], None], int]] = {
    "report.png": (report, 1525),
    "explorer_sphere.png": (sphere, 960),
    "explorer_study.png": (study, 1400),
    "search_page.png": (search, 860),
}


@contextmanager
def explorer_over(directory: Path) -> Iterator[str]:
    """Start the explorer on a free port; gives its address."""
    command = [sys.executable, str(ROOT / "study" / "explorer.py"), str(directory), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().split()[0]
        finally:
            server.terminate()


def smaller(picture: bytes) -> bytes:
    """Write a screenshot as a small PNG: as it is, or in a palette that keeps its rare colours too."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    written = b""
    for way in (image, image.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)):
        kept = io.BytesIO()
        way.save(kept, "png", optimize=True)
        written = kept.getvalue()
        if len(written) <= LARGEST:
            break
    return written


def take(directory: Path) -> None:
    """Take all pictures of the study in ``directory``. Exits with a word on what is missing or too large."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    subprocess.run([sys.executable, str(ROOT / "study" / "report.py"), str(directory)], check=True)
    with explorer_over(directory) as address, sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=browser, args=ARGUMENTS)
        for name, (show, height) in PICTURES.items():
            page = launched.new_page(
                viewport={"width": WIDTH, "height": height}, color_scheme="light", reduced_motion="reduce"
            )
            page.set_default_timeout(120_000)
            show(page, (directory / "report.html").resolve().as_uri() if show is report else address)
            page.mouse.move(0, 0)
            page.wait_for_timeout(1_000)
            picture = smaller(page.screenshot())
            if len(picture) > LARGEST:
                sys.exit(f"{name} has {len(picture):,} bytes, more than {LARGEST:,}")
            (DOCS / name).write_bytes(picture)
            print(f"written: {DOCS / name} ({len(picture):,} bytes)")
            page.close()
        launched.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("study", type=Path, metavar="RESULTS/STUDY", help="a directory that study/run.py wrote")
    take(parser.parse_args().study)
