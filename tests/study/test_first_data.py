import asyncio
import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pretend_arasaac import Answer, Pretend, catalogue, image, record, serving
from rich.console import Console

from gap.data import is_at_hand, prepare
from gap.data.arasaac.client import Limits
from gap.data.arasaac.download import Network, Order, download
from gap.data.arasaac.outcome import Outcome
from gap.errors import UserError
from study.first_data import edition, first_data
from study.profiles import load_profile
from study.space_file import SPACES, load_space

SPACE = SPACES / "arasaac_es.yaml"


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    with serving(Pretend()) as server:
        server.catalogues["es"] = [record(number) for number in range(1, 9)]
        yield server


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def fetching(pretend: Pretend) -> Callable[[Order, Path], Outcome]:
    async def no_sleep(_: float) -> None:
        await asyncio.sleep(0)

    def fetch(order: Order, place: Path) -> Outcome:
        here = replace(order, api=pretend.address, static=pretend.address)
        return download(here, place, network=Network(Limits(), sleep=no_sleep), progress=False)

    return fetch


class Person:
    """Answers what it is told to, and remembers the questions."""

    def __init__(self, answer: str | None) -> None:
        self.answer, self.questions = answer, list[str]()

    def __call__(self, question: str) -> str:
        self.questions.append(question)
        if self.answer is None:
            raise EOFError
        return self.answer


def first(
    pretend: Pretend,
    *,
    wanted: bool = False,
    may_ask: bool = True,
    person: Person | None = None,
    data_dir: Path | None = None,
    dataset: str = "arasaac",
) -> str:
    """Run it; returns what was said."""
    said = io.StringIO()
    first_data(
        load_space(SPACE, {"dataset": dataset}), Console(file=said, width=500),
        data_dir=data_dir, wanted=wanted, may_ask=may_ask, ask=person, fetch=fetching(pretend),
    )  # fmt: skip
    return said.getvalue()


def test_a_person_who_agrees_gets_the_data_of_the_study(pretend: Pretend, cache: Path) -> None:
    person = Person("y")
    said = first(pretend, person=person)
    place = cache / "sources" / "arasaac"
    assert person.questions == [f"Download ARASAAC in es, about 157 MB, to {place}? [y/N] "]
    for part in ("Sergio Palao", "CC BY-NC-SA 4.0", f"all 8 pictograms are in {place}"):
        assert part in said
    assert prepare("arasaac", language="es", image_size=8, progress=False).is_dir()


@pytest.mark.parametrize("answer", ["", "n", "no", "yesterday", None])
def test_whatever_is_no_yes_downloads_nothing(pretend: Pretend, cache: Path, answer: str | None) -> None:
    first(pretend, person=Person(answer))
    assert pretend.asked == []
    assert not cache.exists()


def test_nobody_is_asked_where_the_data_are(pretend: Pretend) -> None:
    first(pretend, wanted=True)
    pretend.asked.clear()
    person = Person("y")
    assert first(pretend, person=person) == ""
    assert first(pretend, wanted=True) == ""
    assert (person.questions, pretend.asked) == ([], [])


def test_nobody_is_asked_in_a_rehearsal_or_away_from_a_terminal(pretend: Pretend) -> None:
    person = Person("y")
    first(pretend, may_ask=False, person=person)
    first(pretend)
    assert (person.questions, pretend.asked) == ([], [])


def test_without_the_data_the_error_names_the_remedies(pretend: Pretend) -> None:
    first(pretend)
    with pytest.raises(UserError, match=r"python -m gap\.data\.arasaac --lang es.* --download, or give --data-dir DIR"):
        prepare("arasaac", language="es", image_size=8, progress=False)


def test_a_rehearsal_takes_what_was_downloaded_for_it(pretend: Pretend) -> None:
    assert load_profile(SPACE, "rehearsal", {}, None).dataset == "pictograms"
    first(pretend, wanted=True, may_ask=False)
    assert load_profile(SPACE, "rehearsal", {}, None).dataset == "arasaac"


def test_it_goes_to_the_directory_that_is_given(pretend: Pretend, tmp_path: Path) -> None:
    first(pretend, wanted=True, data_dir=tmp_path / "mine")
    assert (tmp_path / "mine" / "es.json").is_file()
    assert not is_at_hand("arasaac")
    person = Person("y")
    first(pretend, person=person, data_dir=tmp_path / "nowhere")
    assert person.questions == []


def test_a_download_that_was_interrupted_is_no_data(pretend: Pretend, cache: Path) -> None:
    pretend.fail(image(3), Answer(status=404))
    with pytest.raises(UserError, match=r"^arasaac: missing 1 of 8 pictograms: 3 \(HTTP 404\); go on with: python "):
        first(pretend, wanted=True)
    with pytest.raises(UserError, match=r"lacks 1 of 8 pictograms; go on with --download, or with python -m gap"):
        first(pretend, may_ask=False)
    assert "(1 new, " in first(pretend, person=Person("yes"))
    pretend.catalogues["en"] = pretend.catalogues["es"]
    with pytest.raises(UserError, match=r"holds no pictograms in en; go on with --download"):
        first_data(
            load_space(SPACE, {"language": "en"}), Console(file=io.StringIO()),
            data_dir=None, wanted=False, may_ask=False, fetch=fetching(pretend),
        )  # fmt: skip


def test_one_picture_in_a_hundred_may_be_missing(pretend: Pretend) -> None:
    pretend.catalogues["es"] = [record(number) for number in range(1, 101)]
    pretend.fail(image(3), Answer(status=404))
    assert "missing 1 of 100 pictograms: 3 (HTTP 404); go on with: " in first(pretend, wanted=True)
    assert first(pretend, may_ask=False) == ""


def test_a_catalogue_that_does_not_come_ends_the_study(pretend: Pretend) -> None:
    pretend.fail(catalogue(), Answer(status=404))
    with pytest.raises(UserError, match=r"^arasaac: missing es\.json \(HTTP 404\); go on with: python -m gap"):
        first(pretend, wanted=True)


def test_only_arasaac_can_be_downloaded(pretend: Pretend) -> None:
    with pytest.raises(UserError, match=r"^--download: expected a space whose dataset is arasaac, got pictograms$"):
        first(pretend, wanted=True, dataset="pictograms")
    assert first(pretend, dataset="pictograms") == ""


def test_the_edition_has_a_name(pretend: Pretend, cache: Path) -> None:
    assert edition("arasaac", None) is None
    first(pretend, wanted=True)
    name = edition("arasaac", None)
    assert name is not None
    assert name.startswith("20")
    assert edition("pictograms", None) is None
    shutil.rmtree(cache)
    assert edition("arasaac", None) is None
