"""Remarks of a study on its data before its first trial: as its model reads them, and as chance does."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from rich.console import Console
from small_data import write_small_data

from gap.data import open_dataset
from gap.errors import UserError
from gap.metrics import VERSION
from gap.models.load import load_clip
from study.arguments import parse_arguments
from study.begin import Study, begin
from study.data_notes import data_notes, remarks_of
from study.space import StudySpec, against_direction

PETS = ("cat", "dog", "cow")
OPENING = "This is a description that a language model wrote for the purpose of training. " * 8


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path_factory.mktemp("cache")))


def begun(
    home: Path,
    caption: Callable[[int], str],
    *,
    count: int = 120,
    split: Callable[[int], str] | None = None,
    **space: Any,
) -> tuple[Study, str]:
    """Begin a study of a table of pictures; gives also what was said on the terminal."""
    columns = {"caption": caption} | ({"split": split} if split else {})
    rows = [{"image": f"{n:03d}.png"} | {name: value(n) for name, value in columns.items()} for n in range(count)]
    data = home / "data"
    data.mkdir()
    for n, row in enumerate(rows):
        Image.new("RGB", (8, 8), (2 * n, 99, 255 - 2 * n)).save(data / row["image"])
    (data / "pairs.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    asked = {"dataset": "folder", "model": "tiny", "batch_size": 16} | space
    (home / "space.yaml").write_text(json.dumps(asked), encoding="utf-8")  # YAML, too
    given = ["--space", str(home / "space.yaml"), "--data-dir", str(data), "--results-dir", str(home / "out")]
    terminal = io.StringIO()
    return begin(parse_arguments(given), Console(file=terminal, width=80)), terminal.getvalue()


def test_captions_that_are_cut_are_counted(tmp_path: Path) -> None:
    dataset, spec = (
        open_dataset(write_small_data(tmp_path / "data", captions_per_image=2)),
        StudySpec(dataset="folder", model="tiny", batch_size=8),
    )
    assert not any("cut" in remark for remark in data_notes(spec, load_clip("tiny"), dataset).remarks)
    for row, captions in enumerate(dataset.captions[:5]):
        captions[1] = f"{row} " + "una abeja " * 60
    notes = data_notes(spec, load_clip("tiny"), dataset)
    assert "5 of 48 captions are cut: tiny reads 77 tokens, and not what is behind." in notes.remarks


def test_an_epoch_chosen_against_a_direction_is_said_and_kept(tmp_path: Path) -> None:
    study, said = begun(tmp_path, lambda n: f"a red cat number {n}", objective_epoch={"modality_gap": 2.0})
    (line,) = against_direction({"modality_gap": 2.0})
    assert said.splitlines().count(line) == 1
    assert study.about["data"]["remarks"] == [line]


def test_figures_of_another_version_of_the_metrics_are_said_to_be() -> None:
    about = {"data": {"caption_rule": 1, "remarks": []}, "versions": {"metrics": VERSION}}
    assert remarks_of(about) == []
    (line,) = remarks_of({**about, "versions": {}})
    assert line.startswith("Measured by version 1 of the metrics")


def test_captions_that_become_the_same_tokens_are_said_and_kept(tmp_path: Path) -> None:
    study, said = begun(tmp_path, lambda n: f"{OPENING} a red cat number {n}")
    line = (
        "120 of 120 distinct captions (24 of 24 in the test part) become the same tokens as another one: tiny cannot "
        "tell them apart, so they tie, and ties count against the model."
    )
    assert said.splitlines().count(line) == 1
    assert line in study.about["data"]["remarks"]
    reading = study.about["data"]["reading"]
    assert {name: reading[name] for name in ("distinct", "alike", "test_distinct", "test_alike")} == {
        "distinct": 120, "alike": 120, "test_distinct": 24, "test_alike": 24,
    }  # fmt: skip
    assert study.about["data"]["caption_rule"] == 1
    assert line in remarks_of(study.about)


def test_ordinary_data_have_nothing_said_of_them(tmp_path: Path) -> None:
    study, said = begun(tmp_path, lambda n: f"a red cat number {n}")
    assert study.about["data"]["remarks"] == remarks_of(study.about) == []
    assert study.about["data"]["chance"]["recall_at_1"] == pytest.approx(100 / 24)
    assert len(said.splitlines()) == 1  # the banner of a rehearsal


@pytest.mark.parametrize(
    ("count", "caption", "split", "message"),
    [
        (6, lambda n: f"cat {n}", None, "the test part has 1 image and 1 distinct caption"),
        (120, lambda n: f"a {PETS[n % 3]}", None, "the test part has 40 images and 1 distinct caption"),
        (8, lambda n: f"cat {n}", lambda n: "test" if n else "train", "the training part has 1 image and 1 distinct"),
        (8, lambda n: "cat" if n < 4 else f"cat {n}", lambda n: "train" if n < 4 else "test",
         "the training part has 4 images and 1 distinct caption"),
        (13, lambda n: f"cat {n}", lambda n: "test" if n < 3 else "train",
         "the test part has 3 images and 3 distinct captions"),
    ],
)  # fmt: skip
def test_parts_on_which_nothing_can_be_studied_are_refused(
    tmp_path: Path, count: int, caption: Callable[[int], str], split: Callable[[int], str] | None, message: str
) -> None:
    with pytest.raises(UserError, match=rf"^folder: {message}[^\n]*: expected at least [24] images and 2 [^\n]+$"):
        begun(tmp_path, caption, count=count, split=split)
    assert not (tmp_path / "out").exists()


def test_a_test_part_of_few_captions_is_said(tmp_path: Path) -> None:
    part = {0: "test"}
    study, said = begun(tmp_path, lambda n: f"a {PETS[n // 5 % 3]}", split=lambda n: part.get(n % 5, "train"))
    (remark,) = study.about["data"]["remarks"]
    assert remark.startswith(
        "folder: the test part is small or repeats itself: 24 images with 3 distinct captions, ranked in pools of 24; "
        "a random ranking reaches R@1 33.3 %, R@5 89.7 %, R@10 99.6 %"
    )
    assert remark in said


def test_pools_of_few_images_are_said(tmp_path: Path) -> None:
    study, _ = begun(tmp_path, lambda n: f"cat {n}", count=60, pool_size=6)
    (remark,) = study.about["data"]["remarks"]
    assert "R@1 16.7 %, R@5 83.3 %, R@10 100.0 %" in remark


def test_fewer_images_than_a_batch_are_said(tmp_path: Path) -> None:
    search = {"batch_size": {"choices": [16, 128]}}
    study, _ = begun(tmp_path, lambda n: f"cat {n}", search=search)
    assert study.about["data"]["remarks"] == [
        "folder: 96 training images do not fill a batch of 128: an epoch is one step of all of them"
    ]


@pytest.mark.parametrize(
    ("split", "line", "test"),
    [
        (lambda n: "train", "the data have a training part only: a fifth of it is kept for testing", 24),
        (lambda n: "val" if n % 4 == 0 else "train", "the data have a training and a validation part only: the", 30),
    ],
)
def test_how_the_data_come_by_a_test_part_is_said(
    tmp_path: Path, split: Callable[[int], str], line: str, test: int
) -> None:
    study, said = begun(tmp_path, lambda n: f"cat {n}", split=split)
    assert len(study.dataset.test) == test
    (remark,) = study.about["data"]["remarks"]
    assert remark.startswith(f"folder: {line}")
    assert said.splitlines().count(remark) == 1


def test_an_older_study_is_told_from_a_new_one() -> None:
    rule, metrics = remarks_of({"data": {"name": "squares"}})
    assert rule.startswith("Captions were equal where the model read the same tokens, a rule of an earlier version")
    assert metrics.startswith("Measured by version 1 of the metrics")
