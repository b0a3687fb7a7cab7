"""The search page in a browser: words typed, an answer asked with in turn, a picture given."""

from pathlib import Path

import pytest
from chromium import Visit
from looks import audit, is_drawn
from playwright.sync_api import Page, expect

HOSTILE = "<img src=x onerror=alert(1)>"


def asked(page: Page, words: str) -> Page:
    """Type words and wait for both answers: what is found before training, and by the trial."""
    page.locator("#search-query").fill(words)
    expect(page.locator("#search-results li")).to_have_count(24)
    return page


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (1280, True), (390, False)])
def test_it_is_drawn_and_in_order(visit: Visit, explorer: str, width: int, dark: bool) -> None:
    page = visit(f"{explorer}search", width=width, dark=dark)
    page.locator("#search-query").wait_for()
    assert audit(page) == []
    asked(page, "palabra 12")
    assert audit(page) == []
    assert is_drawn(page.locator("#search-results"))
    expect(page.get_by_text("Sergio Palao")).to_be_visible()


def test_an_answer_is_asked_with_by_keyboard(visit: Visit, explorer: str) -> None:
    page = asked(visit(f"{explorer}search"), "palabra 12")
    expect(page.locator("#search-results h2")).to_have_text("palabra 12")
    page.locator("#search-results li button").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".search-asked img")).to_be_visible()
    expect(page.locator("#search-query")).to_have_value("")


def test_captions_are_ranked_with_another_trial_alone(visit: Visit, explorer: str) -> None:
    page = asked(visit(f"{explorer}search"), "palabra 12")
    page.get_by_label("beside the model before training").uncheck()
    expect(page.locator("#search-results h3")).to_have_count(1)
    page.get_by_label("captions").check()
    page.locator("#search-trial").click()
    page.locator(".dash-options-list-option", has_text="t001:").click()
    expect(page.locator("#search-results h3")).to_have_text("t001")
    expect(page.locator("#search-results li")).to_have_count(12)


def test_a_picture_is_given(visit: Visit, explorer: str, study: Path) -> None:
    page = visit(f"{explorer}search")
    picture = study.parents[1] / "arasaac" / "images" / "12.png"
    page.locator("#search-upload input[type=file]").set_input_files(picture)
    expect(page.locator("#search-results li")).to_have_count(24)
    expect(page.locator("#search-results h2")).to_contain_text("12.png")


def test_words_are_words_whatever_they_look_like(visit: Visit, explorer: str) -> None:
    page = visit(f"{explorer}search")
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    asked(page, HOSTILE)
    expect(page.locator("#search-results h2")).to_have_text(HOSTILE)
    page.get_by_label("captions").check()
    asked(page, "ñandú")
    assert dialogs == []
