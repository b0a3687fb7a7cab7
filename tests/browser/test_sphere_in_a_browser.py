"""The sphere in a browser: every slider by keyboard, a sweep, a descent."""

import pytest
from chromium import Visit
from looks import audit, choose, is_drawn
from playwright.sync_api import Page, expect

from study.explore.sphere.controls import SLIDERS


def opened(page: Page) -> Page:
    """Wait until the points, the values and the sweep are there."""
    page.locator("#sphere-view canvas").first.wait_for()
    page.locator("#sphere-sweep .main-svg").first.wait_for()
    expect(page.locator("#sphere-value-modality_gap")).not_to_be_empty()
    return page


def gap(page: Page) -> float:
    """Read the modality gap from the table."""
    return float(page.locator("#sphere-value-modality_gap").inner_text())


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_it_is_drawn_and_in_order(visit: Visit, explorer: str, width: int, dark: bool) -> None:
    page = opened(visit(f"{explorer}sphere", width=width, dark=dark))
    assert audit(page) == []
    for graph in ("#sphere-view", "#sphere-sweep", "#sphere-progress"):
        assert is_drawn(page.locator(graph)), graph


def test_every_slider_is_moved_by_keyboard(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}sphere"))
    for name in SLIDERS:
        shown = page.locator(f"#sphere-{name}-shown")
        before = shown.inner_text()
        page.locator(f"#sphere-{name}").focus()
        page.keyboard.press("ArrowRight")
        expect(shown).not_to_have_text(before)


def test_the_gap_follows_the_angle(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}sphere"))
    assert gap(page) == pytest.approx(0.95, abs=0.1)
    slider = page.locator("#sphere-theta")
    slider.focus()
    page.keyboard.press("End")
    expect(page.locator("#sphere-theta-shown")).to_have_text("180°")
    expect(page.locator("#sphere-value-modality_gap")).to_have_text("1.92")
    expect(page.locator("#sphere-summary")).to_contain_text("the means lie 1.92 apart")
    slider.fill("0")  # as a pointer sets it
    expect(page.locator("#sphere-theta-shown")).to_have_text("0°")
    page.wait_for_function("Number(document.getElementById('sphere-value-modality_gap').innerText) < 0.2")


def test_a_sweep_is_drawn_of_what_is_asked_for(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}sphere"))
    choose(page, "#sphere-quantity", "relative")
    expect(page.locator("#sphere-sweep .ytitle")).to_contain_text("relative modality gap")
    choose(page, "#sphere-variable", "pairs")
    expect(page.locator("#sphere-sweep .xtitle")).to_contain_text("pairs")


def test_a_descent_moves_the_points_and_goes_back(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}sphere"))
    first = gap(page)
    choose(page, "#sphere-loss", "align")
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(f"Number(document.getElementById('sphere-value-modality_gap').innerText) < {first / 2}")
    page.get_by_role("button", name="Back to the draw").click()
    expect(page.locator("#sphere-value-modality_gap")).to_have_text(f"{first:.3f}")


def test_a_fresh_draw_is_another_one(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}sphere"))
    before = page.locator("#sphere-value-ce").inner_text()
    page.get_by_role("button", name="Fresh draw").click()
    expect(page.locator("#sphere-value-ce")).not_to_have_text(before)
