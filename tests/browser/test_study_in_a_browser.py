"""The study page in a browser: a click on a point, choices by keyboard, two studies, one that goes on."""

import shutil
from pathlib import Path

import pytest
from chromium import Visit
from looks import audit, choose, click_point, is_drawn
from playwright.sync_api import Page, expect


def opened(page: Page) -> Page:
    """Wait until every part that a callback fills is there."""
    for part in ("parameters table", "curves .js-plotly-plot", "histograms .js-plotly-plot", "gallery img"):
        page.locator(f"#study-{part}").first.wait_for()
    return page


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_it_is_drawn_and_in_order(visit: Visit, explorer: str, width: int, dark: bool) -> None:
    page = opened(visit(f"{explorer}study", width=width, dark=dark))
    assert audit(page) == []
    for graph in ("#study-front", "#study-growth", "#study-curves .js-plotly-plot", "#study-histograms"):
        assert is_drawn(page.locator(graph).first), graph
    expect(page.get_by_text("Sergio Palao")).to_be_visible()


def test_a_click_on_a_point_chooses_its_trial(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}study"))
    click_point(page, "study-front", "t001")
    expect(page.locator("#study-parameters th", has_text="t001")).to_be_visible()
    page.get_by_label("chooses trial B").check()
    click_point(page, "study-front", "t002")
    expect(page.locator("#study-parameters th", has_text="B · seen-rehearsal · t002")).to_be_visible()
    expect(page.locator("#study-histograms .js-plotly-plot")).to_have_count(2)
    expect(page.locator("#study-gallery")).to_contain_text("B · seen-rehearsal · t002")


def test_trials_are_chosen_by_keyboard(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}study"))
    choose(page, "#study-trial-b", "t000")
    expect(page.locator("#study-parameters th", has_text="t000")).to_be_visible()
    page.get_by_text("The front as a table").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("table", name="The Pareto front")).to_be_visible()
    assert audit(page) == []


def test_other_captions_are_shown_when_asked_for(visit: Visit, explorer: str) -> None:
    page = opened(visit(f"{explorer}study"))
    before = page.locator("#study-gallery").inner_text()
    page.get_by_role("button", name="Other captions").click()
    expect(page.locator("#study-gallery")).not_to_have_text(before, use_inner_text=True)


def test_a_study_that_goes_on_is_followed_beside_another(
    visit: Visit, explorer: str, growing: Path, study: Path
) -> None:
    page = opened(visit(f"{explorer}study"))
    expect(page.locator("h1")).to_have_text("seen-rehearsal and growing-rehearsal")
    status = page.locator("#study-status")
    expect(status).to_contain_text("growing-rehearsal: a rehearsal with a small model; 1 complete")
    for table in ("epochs.csv", "hypervolume.csv", "trials.csv"):
        shutil.copy(study / table, growing / table)
    expect(status).to_contain_text("growing-rehearsal: a rehearsal with a small model; 3 complete")
    choose(page, "#study-trial-b", "growing-rehearsal · t002")
    expect(page.locator("#study-parameters th", has_text="B · growing-rehearsal · t002")).to_be_visible()
    assert audit(page) == []
