"""The report in a browser: opened from the disk, its charts chosen and pointed at, its tables sorted, on paper."""

from pathlib import Path

import pytest
from chromium import Visit
from looks import audit, is_drawn, point_at
from playwright.sync_api import Page, expect


def opened(page: Page) -> Page:
    """Wait until the last chart is drawn."""
    page.locator("[data-chart] .main-svg").last.wait_for(state="attached")
    return page


@pytest.fixture(scope="module")
def report(study: Path) -> str:
    """The page that the study wrote when it ended."""
    return (study / "report.html").as_uri()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_it_is_drawn_and_in_order(visit: Visit, report: str, width: int, dark: bool) -> None:
    page = opened(visit(report, width=width, dark=dark))
    assert audit(page) == []
    charts = page.locator("[data-chart] .chart")
    assert charts.count() > 5
    assert all(is_drawn(chart) for chart in charts.all())
    expect(page.get_by_text("Sergio Palao").first).to_be_attached()


def test_pointing_at_a_trial_tells_its_parameters(visit: Visit, report: str) -> None:
    page = opened(visit(report))
    point_at(page, "chart-front", "t001")
    expect(page.locator("#chart-front .hoverlayer")).to_contain_text("ce+orthogonal_intra")


def test_every_choice_draws_its_view_and_its_table(visit: Visit, report: str) -> None:
    page = opened(visit(report))
    chosen = 0
    for figure in page.locator("[data-chart]:has([data-choose])").all():
        select = figure.locator("[data-choose]")
        for value in select.locator("option").evaluate_all("options => options.map((option) => option.value)"):
            select.select_option(value)
            expect(figure.locator("details:not([hidden])")).to_have_attribute("data-view", value)
            chosen += 1
    assert chosen > 3
    assert audit(page) == []


def test_a_table_is_sorted_by_keyboard(visit: Visit, report: str) -> None:
    page = opened(visit(report))
    table = page.locator("table[data-sortable]").last
    for details in page.locator("details").all():
        details.evaluate("(details) => { details.open = true; }")
    head = table.locator("thead th").first
    for order in ("ascending", "descending"):
        head.locator("button").focus()
        page.keyboard.press("Enter")
        expect(head).to_have_attribute("aria-sort", order)
        names = table.locator("tbody tr > :first-child").all_inner_texts()
        assert names == sorted(names, reverse=order == "descending")
    assert audit(page) == []


def test_the_first_stop_leads_to_the_content(visit: Visit, report: str) -> None:
    page = opened(visit(report))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_it_is_printed(visit: Visit, report: str) -> None:
    page = opened(visit(report, dark=True))
    assert len(page.pdf()) > 50_000
