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


def choose(page: Page, chooser: str, words: str) -> None:
    """Take what ``words`` find from one of Dash's lists, by keyboard."""
    page.locator(chooser).focus()
    page.keyboard.press("Enter")
    page.locator(".dash-dropdown-search").wait_for()
    page.keyboard.type(words)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")


def click_point(page: Page, graph: str, name: str) -> None:
    """Click the point of a flat Plotly figure whose own data begin with the study and ``name``."""
    page.locator(f"#{graph} .main-svg").first.scroll_into_view_if_needed()
    x, y = page.evaluate(PLACE_OF_POINT, [graph, name])
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)  # Plotly takes a click for a point's once the pointer has come to lie on it
    page.wait_for_timeout(100)
    page.mouse.click(x, y)


PLACE_OF_POINT = """([id, name]) => {
  const graph = document.getElementById(id).querySelector(".js-plotly-plot");
  const {xaxis, yaxis} = graph._fullLayout, box = graph.getBoundingClientRect();
  for (const trace of graph._fullData)
    for (const [point, own] of (trace.customdata || []).entries())
      if (own && own[1] === name)
        return [
          box.left + xaxis._offset + xaxis.d2p(trace.x[point]), box.top + yaxis._offset + yaxis.d2p(trace.y[point])
        ];
  throw new Error(`no point ${name}`);
}"""
