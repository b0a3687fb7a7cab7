"""What is looked at on every page."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page

AUDIT = Path(__file__).with_name("audit.js").read_text(encoding="utf-8")
FEWEST_COLOURS = 16


def audit(page: Page) -> list[str]:
    """List what a reader with a screen reader, a narrow screen or weak eyes would meet."""
    faults: list[str] = page.evaluate(AUDIT)
    return faults


def colours(shown: Page | Locator) -> int:
    """Count the colours of a screenshot: a page that stayed empty has one or two."""
    picture = Image.open(io.BytesIO(shown.screenshot())).convert("RGB")
    return len(picture.getcolors(picture.width * picture.height))


def is_drawn(shown: Page | Locator) -> bool:
    """Tell whether there is anything to be seen."""
    return colours(shown) >= FEWEST_COLOURS
