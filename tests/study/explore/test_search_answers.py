"""The search page: its answers, and trials that are opened beside the requests."""

import base64
import io
import json
import time
from pathlib import Path
from typing import Any

import pytest
from pareto_study import write_pareto_study
from PIL import Image
from small_study import write_small_study

from gap.errors import UserError
from study.explore.search_page import layout, trial_options
from study.explore.search_results import show_answers, show_opening
from study.explore.shelf import Opening, Shelf
from study.open_trial import BASELINE
from study.retrieval.opened import Opened

WORDS = {"kind": "words", "value": "a red square", "name": ""}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("page"))


@pytest.fixture(scope="module")
def opened(study: Path) -> list[Opened]:
    shelf = Shelf()
    return [wait(shelf, study, trial) for trial in (BASELINE, "t000")]


def wait(shelf: Shelf, study: Path, trial: str, side: str = "image") -> Opened:
    while isinstance(taken := shelf.take(study, trial, side), Opening):
        time.sleep(0.02)
    return taken


def shown(component: Any) -> str:
    return json.dumps(component.to_plotly_json(), default=lambda part: part.to_plotly_json())


def cards(component: Any) -> list[Any]:
    return [part for part in component._traverse() if getattr(part, "title", "") == "ask with this picture"]


def test_a_trial_beside_the_model_before_training(opened: list[Opened]) -> None:
    page = show_answers(opened, WORDS, to="image", split="all")
    assert [card.id["place"] for card in cards(page)] == [
        f"{trial} {n}" for trial in ("baseline", "t000") for n in range(1, 13)
    ]
    assert "12 of 24 images" in shown(page)
    alone = show_answers(opened[1:], WORDS, to="text", split="test")
    assert len(cards(alone)) == 7  # two of the eight test images share a caption
    assert "new" not in [getattr(part, "className", "") for part in alone._traverse()]


def test_a_picture_is_asked_with(opened: list[Opened]) -> None:
    own = {"kind": "own", "value": "9", "name": ""}
    page = show_answers(opened[1:], own, to="image", split="all")
    assert "9" not in [card.id["id"] for card in cards(page)]
    file = io.BytesIO()
    Image.fromarray(opened[0].dataset.images[9]).save(file, "PNG")
    sent = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    page = show_answers(opened[1:], {"kind": "file", "value": sent, "name": "nine.png"}, to="image", split="all")
    assert cards(page)[0].id["id"] == "9"


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("data:image/png;base64,%%%", "x.png cannot be read"),
        ("data:image/png;base64,bm8=", "not an image of a known kind"),
    ],
)
def test_a_bad_picture_is_one_line(opened: list[Opened], value: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        show_answers(opened, {"kind": "file", "value": value, "name": "x.png"}, to="image", split="all")


def test_no_words_are_no_error(opened: list[Opened]) -> None:
    assert "Type some words" in shown(show_answers(opened, {**WORDS, "value": "  "}, to="image", split="all"))


def test_a_trial_is_opened_once_and_the_last_few_are_kept(study: Path) -> None:
    shelf = Shelf(size=2)
    first = wait(shelf, study, "t000")
    assert shelf.take(study, "t000", "image") is first
    assert wait(shelf, study, "t000", "text") is first
    wait(shelf, study, "t001")
    wait(shelf, study, BASELINE)  # t000 is let go
    assert wait(shelf, study, "t000") is not first


def test_what_cannot_be_opened_says_so_and_is_tried_again(tmp_path: Path) -> None:
    shelf, bare = Shelf(), write_pareto_study(tmp_path / "s", with_optuna=False)
    for _ in range(2):
        with pytest.raises(UserError, match="holds no study"):
            wait(shelf, bare, BASELINE)


def test_how_far_the_opening_is(study: Path) -> None:
    assert "t000: embedding images, once (3 of 24)" in shown(
        show_opening("t000", Opening("embedding images, once", 3, 24))
    )
    assert "loading the model" in shown(show_opening("t000", Opening()))
    assert isinstance(Shelf().take(study, "t000", "image"), Opening)


def test_the_trials_to_choose_from(study: Path, tmp_path: Path) -> None:
    options, first = trial_options(study)
    assert {option["value"] for option in options} == {"t000", "t001", BASELINE}
    assert first in ("t000", "t001")
    assert trial_options(write_pareto_study(tmp_path / "s", [], with_optuna=False))[1] == BASELINE
    page = shown(layout([study]))
    assert "search-query" in page
    assert "small-rehearsal: REHEARSAL" in page
