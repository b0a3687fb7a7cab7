"""What is looked at on every page."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

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
    """Take what ``words`` find from one of Dash's lists; it is opened by a click, the rest is done by keyboard."""
    page.locator(chooser).click()
    search = page.locator(".dash-dropdown-search")
    search.fill(words)
    expect(page.locator(".dash-dropdown-option").first).to_contain_text(words)
    search.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(search).to_have_count(0)


def point_at(page: Page, graph: str, name: str) -> None:
    """Bring the pointer on the point of a flat Plotly figure whose own data begin with the study and ``name``."""
    page.locator(f"#{graph} .main-svg").first.scroll_into_view_if_needed()
    x, y = page.evaluate(PLACE_OF_POINT, [graph, name])
    page.mouse.move(x - 3, y)
    page.mouse.move(x, y)
    page.locator(f"#{graph} .hoverlayer .hovertext").first.wait_for()


def click_point(page: Page, graph: str, name: str) -> None:
    """Click that point: Plotly takes a click for its point's once it shows what it says of it."""
    point_at(page, graph, name)
    page.mouse.down()
    page.mouse.up()


PLACE_OF_POINT = """([id, name]) => {
  const place = document.getElementById(id);
  const graph = place.matches(".js-plotly-plot") ? place : place.querySelector(".js-plotly-plot");
  const {xaxis, yaxis} = graph._fullLayout, box = graph.getBoundingClientRect();
  for (const trace of graph._fullData)
    for (const [point, own] of (trace.customdata || []).entries())
      if (own && own[1] === name)
        return [
          box.left + xaxis._offset + xaxis.d2p(trace.x[point]), box.top + yaxis._offset + yaxis.d2p(trace.y[point])
        ];
  throw new Error(`no point ${name}`);
}"""
