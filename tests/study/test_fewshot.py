"""Few-shot classification of a study made by hand, through the command line."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from cifar_like import NAMES, write_cifar10
from local_copy_of_squares import write_squares
from small_data import COLOURS

from gap.classification import METHODS, accuracy
from gap.models.load import load_clip
from gap.training.embed import embed_images, embed_texts
from study.fewshot import COLUMNS, main


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return write_squares(tmp_path)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["study.fewshot", *map(str, arguments)])
    return main()


def test_every_method_and_number_of_shots_on_the_studys_split(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = (study, "--data-dir", study.parent, "--shots", 2, 1, "--seeds", 2)
    assert run(monkeypatch, *arguments) == 0
    shown = capsys.readouterr()
    assert "4 classes, 8 test images" in shown.out
    assert "2 shots a class" in shown.err
    table = pd.read_csv(study / "fewshot.csv")
    assert tuple(table.columns) == COLUMNS
    assert list(zip(table["method"], table["shots"], strict=True)) == [
        ("zero_shot", 0),
        *((method, shots) for shots in (1, 2) for method in METHODS if method != "zero_shot"),
    ]
    learned = table[table["shots"] > 0]
    assert learned["accuracy"].between(0, 100).all()
    assert set(learned["n_seeds"]) == {2}
    assert learned["standard_error"].notna().all()
    assert table["standard_error"].isna().tolist() == (table["shots"] == 0).tolist()
    assert table["consistency"].isna().tolist() == (table["shots"] == 0).tolist()
    assert learned["consistency"].between(0, 100).all()
    assert (learned.groupby(["trial_id", "shots"])["consistency"].nunique() == 1).all()  # not the method's doing
    about = table[["trial_id", "dataset", "classes", "test_images", "profile"]].drop_duplicates()
    assert about.to_numpy().tolist() == [["baseline", "arasaac", len(COLOURS), 8, "rehearsal"]]
    # A patch of colour is told apart by any image tower, random ones too; its name is not.
    assert learned[learned["method"] == "clip_adapter"]["accuracy"].max() > 25

    before = (study / "fewshot.csv").read_bytes()
    assert run(monkeypatch, *arguments) == 0
    assert (study / "fewshot.csv").read_bytes() == before


def test_cifar_from_a_local_directory(study: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    images, _ = write_cifar10(tmp_path / "known", monkeypatch)
    target = tmp_path / "elsewhere" / "table.csv"
    options = ("--dataset", "cifar10", "--data-dir", tmp_path / "known", "--shots", 1, "--seeds", 1, "--csv", target)
    assert run(monkeypatch, study, *options) == 0
    table = pd.read_csv(target)
    assert set(table["dataset"]) == {"cifar10"}
    assert table["standard_error"].isna().all()
    # All images of a class are alike, so the one shot of it is the test image itself: no need to know which is drawn.
    clip = load_clip("tiny")
    settings: dict[str, Any] = {"device": torch.device("cpu"), "precision": "fp32"}
    shots = embed_images(clip, images, np.arange(10), **settings)
    prompts = [f"A picture of {name.replace('_', ' ')}" for name in NAMES]
    classes = embed_texts(clip, clip.tokenize(prompts), **settings)
    scale = float(clip.model.logit_scale.detach().exp())
    for method, measured in zip(table["method"], table["accuracy"], strict=True):
        logits = METHODS[method](shots, torch.arange(10), classes, shots, logit_scale=scale)
        assert measured == pytest.approx(accuracy(logits, torch.arange(10)).item()), method
    assert table["accuracy"].nunique() > 1
    assert not (study / "fewshot.csv").exists()


def test_the_prompt_of_the_space_is_for_the_studys_own_classes(
    study: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[str | None] = []
    monkeypatch.setattr("study.fewshot.caption", lambda names, language, prompt: asked.append(prompt) or names[0])
    about = json.loads((study / "study.json").read_text())
    about["spec"]["prompt"] = "Foto: {}"
    (study / "study.json").write_text(json.dumps(about))
    assert run(monkeypatch, study, "--data-dir", study.parent, "--shots", 1, "--seeds", 1) == 0
    assert set(asked) == {"Foto: {}"}
    asked.clear()
    write_cifar10(tmp_path / "known", monkeypatch)
    known = ("--dataset", "cifar10", "--data-dir", tmp_path / "known", "--csv", tmp_path / "table.csv")
    assert run(monkeypatch, study, *known, "--shots", 1, "--seeds", 1) == 0
    assert set(asked) == {None}


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], "give --data-dir"),
        (["--shots", "0"], "--shots and --seeds of at least 1, got 0 and 3"),
        (["--seeds", "0"], "--shots and --seeds of at least 1, got 1 and 0"),
        (["--trial", "t007"], "no adapter of t007"),
        (["--data-dir", "DATA"], "at least 2 classes of 32 training images"),
        (["--dataset", "pictograms"], "this study was trained on arasaac"),
        (["--dataset", "eurosat", "--data-dir", "DATA"], "eurosat: not found"),
    ],
)
def test_what_is_wrong_is_one_line(
    options: list[str],
    line: str,
    study: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, study, *(str(study.parent) if word == "DATA" else word for word in options)) == 2
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1
    assert not (study / "fewshot.csv").exists()


def test_no_study_and_no_labels_are_one_line(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, study / "nowhere") == 2
    assert "holds no study" in capsys.readouterr().err
    about = json.loads((study / "study.json").read_text())
    described = Path(about["data"]["path"]) / "captions.json"
    described.write_text(described.read_text().replace('"arasaac"', '"mscoco"'))
    assert run(monkeypatch, study) == 2
    assert "unknown dataset with classes 'mscoco'" in capsys.readouterr().err


def test_a_place_that_cannot_be_written_is_one_line(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--shots", 1, "--seeds", 1, "--csv", study / "study.json" / "table.csv")
    assert run(monkeypatch, study, "--data-dir", study.parent, *options) == 2
    assert "study.json/table.csv: " in capsys.readouterr().err.splitlines()[-1]


def test_nothing_but_the_shots_and_the_seed_changes_a_row(study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tables = []
    for shots in ([1, 2], [2]):
        assert run(monkeypatch, study, "--data-dir", study.parent, "--seeds", 2, "--shots", *shots) == 0
        tables.append(pd.read_csv(study / "fewshot.csv").query("shots == 2")["accuracy"].to_numpy())
    np.testing.assert_array_equal(*tables)
