"""Pictures of the study page: what trials find, and why there are none."""

import json
import re
import shutil
from pathlib import Path

import pytest
from small_study import write_small_study

from study.embeddings import embeddings_path, trial_embeddings
from study.explore.trials import embedded
from study.explore.trials.choice import chosen
from study.explore.trials.cosines import histograms
from study.explore.trials.gallery import IMAGES, QUERIES, gallery
from study.explore.trials.geometry import geometry
from study.explore.trials.snapshot import snapshots


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = write_small_study(tmp_path_factory.mktemp("home"))
    for trial in ("baseline", "t000"):
        trial_embeddings(directory, trial)
    return directory


@pytest.fixture
def study(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "small"))


def shown(directory: Path, *trials: str, seed: int = 0) -> str:
    panels = gallery(chosen(snapshots([directory]), *(f"0:{trial}" for trial in trials)), seed)
    return json.dumps(panels, default=lambda part: part.to_plotly_json(), ensure_ascii=False)


def test_captions_have_the_first_images_before_and_after(study: Path) -> None:
    page = shown(study, "t000")
    captions = page.count('"className": "query"')
    assert 1 <= captions <= QUERIES
    assert page.count('"before"') == page.count('"after"') == captions
    assert 0 < page.count("data:image/webp;base64,") <= 2 * captions * IMAGES
    assert page.count('"hit"') == page.count("(right)") > 0
    assert embedded.dataset_of(study).licence in page


def test_the_same_captions_for_every_trial_and_others_on_demand(study: Path) -> None:
    trial_embeddings(study, "t001")

    captions = re.findall(r'"children": "(A picture of [^"]*|[^"]*square[^"]*)"', shown(study, "t000", "t001"))
    assert captions[: len(captions) // 2] == captions[len(captions) // 2 :] != []
    assert shown(study, "t000") == shown(study, "t000")
    assert shown(study, "t000") != shown(study, "t000", seed=1)


def test_a_trial_without_embeddings_says_what_keeps_them(study: Path) -> None:
    assert "study/report.py with --trials t001 makes them" in shown(study, "t001")
    shutil.rmtree(study / "adapters" / "t001")
    assert "only trials of the front keep their embeddings; now t000" in shown(study, "t001")


def test_without_the_model_before_training_what_came_after_is_shown(study: Path) -> None:
    embeddings_path(study, "baseline").unlink()
    page = shown(study, "t000")
    assert '"after"' in page
    assert '"before"' not in page


def test_data_that_left_the_cache_are_said(study: Path) -> None:
    about = json.loads((study / "study.json").read_text())
    about["data"]["path"] = str(study / "nowhere")
    (study / "study.json").write_text(json.dumps(about))
    page = shown(study, "t000")
    assert "has left the cache" in page
    assert "data:image" not in page


def test_damaged_embeddings_are_said(study: Path) -> None:
    embeddings_path(study, "t000").write_bytes(b"none")
    assert "holds no embeddings" in shown(study, "t000")


def test_an_older_studys_cosines_come_from_its_embeddings(study: Path) -> None:
    (panel,) = histograms(chosen(snapshots([study]), "0:t000"))
    assert {trace.name for trace in panel.children[1].figure.data} == {"before", "after"}


def test_maps_are_drawn_before_and_after_with_captions(study: Path) -> None:
    (section,) = geometry(chosen(snapshots([study]), "0:t000", "0:t001"))  # t001 has no embeddings
    before, after, dimensions = section.children[1].children
    assert [figure.children[0].children for figure in (before, after)] == ["before training", "after training"]
    (images, texts) = after.children[1].figure.data[1:]
    assert len(images.x) == len(texts.x) == len(embedded.dataset_of(study).test)
    assert "square" in images.hovertext[0]
    assert {trace.name for trace in dimensions.children[1].figure.data} == {"before", "after"}


def test_embeddings_are_read_once_until_they_change(study: Path) -> None:
    first = embedded.embeddings_of(study, "t000")
    assert embedded.embeddings_of(study, "t000") is first
    assert embedded.embeddings_of(study, "t001") is None
