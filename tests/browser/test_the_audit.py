"""The audit finds what it is for, and nothing on a page that is in order."""

import urllib.parse

import pytest
from chromium import Visit, Watch, browser_here
from looks import audit, is_drawn
from playwright.sync_api import Browser

GOOD = """<!DOCTYPE html><html lang="en"><title>A page</title><body style="background: white; color: black">
<h1>One</h1><h2>Two</h2><label for="n">n</label><input id="n"><label>m <input type="range"></label>
<button>Go</button><img alt="" src="data:,"><table><tr><th>a</th></tr></table><div style="height: 9px"></div>"""

FAULTS = {
    "<input>": "no name: <input>",
    "<div role=slider></div>": "no name",
    "<button aria-haspopup=listbox aria-labelledby=v><span id=v>its value</span></button>": "no name: <button",
    "<button></button>": "no name: <button>",
    "<img src='data:,'>": "no alt",
    "<h1>Again</h1>": "not exactly one h1",
    "<h2>a</h2><h4>b</h4>": "h4 after h2",
    "<div style='width: 2000px'>wide</div>": "px wide on a screen of 1280",
    "<p style='color: #999'>faint</p>": "contrast 2.8",
    "<p style='background: #222'>dark on dark</p>": "contrast 1.",
    "<p id=n>twice</p>": "twice: n",
    "<table><tr><td>a</td></tr></table>": "a table without headers",
}


def address(html: str) -> str:
    return f"data:text/html,{urllib.parse.quote(html)}"


def test_a_page_in_order(visit: Visit) -> None:
    page = visit(address(GOOD))
    assert audit(page) == []
    assert is_drawn(page.locator("button"))
    assert not is_drawn(page.locator("div"))


def test_each_fault_is_found(visit: Visit) -> None:
    page = visit("about:blank")
    for fault, expected in FAULTS.items():
        page.set_content(GOOD + fault)
        (found,) = audit(page)
        assert expected in found


def test_without_a_browser_none_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert browser_here("/nowhere/else") is None
    monkeypatch.delenv("CHROMIUM")
    monkeypatch.setenv("PATH", "")
    assert browser_here("/nowhere/else") is None
    assert browser_here(__file__) == __file__


def test_what_a_page_does_wrong_is_noticed(browser: Browser) -> None:
    watch = Watch()
    page = browser.new_page()
    watch.follow(page)
    page.goto(address(GOOD + "<img alt='' src='https://example.com/a.png'><script>console.error('told'); f()</script>"))
    page.wait_for_load_state("networkidle")
    assert any("request: https://example.com/a.png" in fault for fault in watch.faults)
    assert any("told" in fault for fault in watch.faults)
    assert any("page error: f is not defined" in fault for fault in watch.faults)
    page.close()
