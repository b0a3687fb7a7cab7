"""The page: self-contained, safe, and usable without eyes, mouse or colours, as far as its text shows that."""

import json
import re
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest
from reported_study import HOSTILE, write_reported_study

from study.cosines import COLUMNS
from study.figures.histograms import KINDS
from study.reporting.write import make_report

VOID = {"meta", "br", "image", "use", "link", "input", "img"}


class Page(HTMLParser):
    """Every element's attributes by tag, and the text of some."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.text.setdefault(self._open[-1], []).append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> str:
    return make_report(write_reported_study(tmp_path_factory.mktemp("report"))).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(source: str) -> Page:
    return Page(source)


def test_nothing_is_asked_of_a_network(page: Page, source: str) -> None:
    places = [value or "" for _, found in page.elements for name, value in found.items() if name in ("src", "href")]
    assert places
    assert [place for place in places if not place.startswith(("#", "data:image/"))] == []
    style = "".join(page.text["style"])
    assert "url(" not in style
    assert "@import" not in style
    policy = next(found["content"] for found in page.of("meta") if "http-equiv" in found)
    assert (policy or "").startswith("default-src 'none'")
    assert source.count("* plotly.js v") == 1


def test_texts_of_the_data_are_texts(page: Page, source: str) -> None:
    assert len(page.of("script")) == 3
    assert "alert(1)</script>" not in source
    assert any(HOSTILE in text for text in page.text["q"])
    embedded = json.loads("".join(page.text["script"][0:1]))
    assert set(embedded) == {"charts", "templates"}
    hover = embedded["charts"]["map"]["before training"]["data"][1]["hovertext"]
    assert "&lt;/script&gt;" in hover[0]
    assert "<a" not in hover[0]
    assert page.of("img") == []
    assert not [name for _, found in page.elements for name in found if name.startswith("on")]
    assert "49" not in "".join(text for text in page.text["q"])


def test_it_can_be_read_without_eyes_or_a_mouse(page: Page) -> None:
    assert page.of("html") == [{"lang": "en"}]
    assert len(page.of("h1")) == 1
    assert page.of("title")
    ids = Counter(found["id"] for _, found in page.elements if "id" in found)
    assert [name for name, count in ids.items() if count > 1] == []
    assert [found["href"] for found in page.of("a") if (found["href"] or "")[1:] not in ids] == []
    assert page.of("a")[0] == {"class": "skip", "href": "#content"}
    labelled = {found["for"] for found in page.of("label")}
    assert {found["id"] for found in page.of("select")} == labelled
    assert labelled
    charts = [found for found in page.of("div") if found.get("class") == "chart"]
    assert len(charts) == len(page.of("figcaption")) == len(page.of("figure")) == 9
    assert all(found["role"] == "group" and found["aria-label"] for found in charts)
    assert all(found.get("tabindex") == "0" for found in page.of("div") if found.get("class") == "scroll")
    assert all(found["scope"] in ("row", "col") for found in page.of("th"))
    assert all(found["aria-label"] for found in page.of("svg") if found.get("role") == "img")
    assert len(page.of("caption")) == len(page.of("table"))


def test_each_view_of_a_chart_has_its_table(page: Page) -> None:
    charts = json.loads(page.text["script"][0])["charts"]
    views = Counter(found["data-view"] for found in page.of("details") if "data-view" in found)
    assert views == Counter(view for views in charts.values() for view in views)
    assert list(charts["histograms"]) == ["t002", "t000", "t001", "t003"]  # the knee first
    assert next(iter(charts["curves"])) == "t002"


def test_light_and_dark_paper_and_small_screens(source: str) -> None:
    for query in ("prefers-color-scheme: dark", "prefers-reduced-motion: reduce", "@media print", "max-width: 34rem"):
        assert query in source


def test_pictures_are_on_the_page_once(page: Page) -> None:
    sources = [found["href"] for found in page.of("image")]
    assert len(set(sources)) == len(sources) == 8
    shown = [found["href"] for found in page.of("use")]
    assert len(shown) > 50
    assert {found["id"] for found in page.of("image")} == {(place or "")[1:] for place in shown}


def test_the_licence_stands_where_pictures_are(source: str) -> None:
    licence = re.search(r'<p class="licence">Pictures: ([^<]*)</p>', source)
    assert licence is not None
    assert licence[1].startswith("drawn here &lt;/script&gt;")


def test_failed_trials_say_why(source: str) -> None:
    assert '<th scope="row">t007</th>' in source
    assert "<td>loss is nan</td>" in source


def test_what_should_be_known_of_the_data_stands_at_the_top(source: str, tmp_path: Path) -> None:
    assert "Captions were equal where the model read the same tokens, a rule of an earlier version" in source
    directory = write_reported_study(tmp_path)
    about = json.loads((directory / "study.json").read_text())
    about["data"] |= {
        "caption_rule": 1, "remarks": ["3 of 9 distinct captions tie."], "chance": {"recall_at_1": 12.5},
        "reading": {"model": "tiny", "alike": 3},
    }  # fmt: skip
    (directory / "study.json").write_text(json.dumps(about))
    newer = make_report(directory).read_text(encoding="utf-8")
    assert newer.count("3 of 9 distinct captions tie.") == 1
    assert "a rule of an earlier version" not in newer
    assert "What a random ranking reaches, in %" in newer
    assert "Captions as the model reads them" in newer


def test_a_hundred_trials_fit_in_ten_megabytes(tmp_path: Path) -> None:
    rows = [("COMPLETE", "ce+centroid", 8, 60.0 - k / 4, 0.9 - k / 200) for k in range(100)]
    directory = write_reported_study(tmp_path, rows, epochs=10, d=768)
    (directory / "cosines").mkdir()
    for k in range(100):
        write_cosines(directory / "cosines" / f"t{k:03d}.csv")
    assert len(json.loads((directory / "study.json").read_text())["spec"]["objectives"]) == 2
    path = make_report(directory)
    charts = json.loads(Page(path.read_text(encoding="utf-8")).text["script"][0])["charts"]
    assert {name: len(views) for name, views in charts.items() if len(views) > 1} == {
        "curves": 100, "histograms": 40, "map": 7, "dimensions": 6,
    }  # fmt: skip
    assert path.stat().st_size < 8_000_000


def write_cosines(path: Path) -> None:
    """Every bin of two epochs filled, each with another count."""
    rows = [
        (epoch, kind, round((2 * i + 1) / 200 - 1, 6), 12_345 + 7 * i)
        for epoch in (0, 10)
        for kind in KINDS
        for i in range(200)
    ]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(path, index=False)
