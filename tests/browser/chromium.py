"""Where a browser is, how it is started, what is watched of its pages."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page, Request, Response

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge")
REMEDY = "no browser is here: apt-get install chromium, or python -m playwright install chromium"
# WebGL on the processor; nothing that a browser does of its own accord; no name but this machine's is found.
ARGUMENTS = (
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
HERE = ("http://127.0.0.1:", "file:", "data:", "blob:", "about:")

Visit = Callable[..., Page]


def browser_here(own: str) -> str | None:
    """Find a browser: what CHROMIUM names, one that is installed, or Playwright's ``own``."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    return found or (own if Path(own).exists() else None)


class Watch:
    """Collects what goes wrong in pages, and what they ask for that is not on this machine."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def follow(self, page: Page) -> None:
        """Watch a page from now on."""
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"page error: {error}"))
        page.on("request", self._on_request)
        page.on("response", self._on_response)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not is_about_the_renderer(message.text):
            self.faults.append(f"console {message.type}: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith(HERE):
            self.faults.append(f"request: {request.url}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400:
            self.faults.append(f"answer {response.status}: {response.url}")


def is_about_the_renderer(text: str) -> bool:
    """Tell what Chromium says of drawing WebGL on the processor from what a page says."""
    return any(words in text for words in ("GPU stall due to ReadPixels", "willReadFrequently", "swiftshader"))
