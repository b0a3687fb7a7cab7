from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import optuna
import pandas as pd
import pytest
from optuna.trial import FrozenTrial, TrialState

from study.growth import Growth
from study.live.curves import Curves
from study.space import StudySpec
from study.space_file import load_space
from study.tables import Tables

SPACE = "dataset: pictograms\nterms: ce\nconstraints: [recall_at_1 >= 20]\nsearch: {rank: {choices: [4, 8]}}\n"
STATES = {"COMPLETE": TrialState.COMPLETE, "STOPPED": TrialState.PRUNED, "FAIL": TrialState.FAIL}


@pytest.fixture
def spec(tmp_path: Path) -> StudySpec:
    (tmp_path / "s.yaml").write_text(SPACE)
    return load_space(tmp_path / "s.yaml")


def growth(directory: Path, spec: StudySpec) -> Growth:
    tables = Tables(spec, profile="study", fixed={"terms": "ce", "epochs": 2})
    return Growth(directory, spec, tables, Curves(directory / "tensorboard"))


def ended(number: int, state: str, recall: float, gap: float) -> FrozenTrial:
    epochs: list[dict[str, Any]] = [
        {"recall_at_1": 10.0, "modality_gap": 1.0, "train_seconds": 0.0},
        {"recall_at_1": recall, "modality_gap": gap, "train_seconds": 5.0},
    ]
    trial = optuna.trial.create_trial(
        values=[recall, gap] if state == "COMPLETE" else None,
        state=STATES[state],
        user_attrs={"end": {"state": state}, **{f"epoch_{i:03d}": epoch for i, epoch in enumerate(epochs)}},
    )
    trial.number, trial.datetime_complete = number, datetime(2026, 1, 1) + timedelta(minutes=number)
    return trial


TRIALS = [
    ended(0, "COMPLETE", 30.0, 0.5),
    ended(1, "STOPPED", 90.0, 0.1),
    ended(2, "COMPLETE", 40.0, 0.8),
    ended(3, "COMPLETE", 15.0, 0.1),  # breaks the constraint
    ended(4, "FAIL", 50.0, 0.5),
    ended(5, "COMPLETE", 25.0, 0.2),
]


def test_the_hypervolume_after_every_trial(tmp_path: Path, spec: StudySpec) -> None:
    grown = growth(tmp_path, spec)
    grown.write(TRIALS)
    table = pd.read_csv(tmp_path / "hypervolume.csv")
    first = 20 * 0.5
    second = first + 10 * (1 - 0.8)
    assert table["hypervolume"].tolist() == pytest.approx([first, first, second, second, second, second + 15 * 0.3])
    assert table["epochs"].tolist() == [1, 2, 3, 4, 5, 6]
    assert table["train_seconds"].tolist() == [5.0, 10.0, 15.0, 20.0, 25.0, 30.0]
    assert table["state"].tolist() == grown.states
    assert table["hypervolume"].tolist() == grown.hypervolumes


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4, 5], [0, 2, 1, 3], [5, 0]])
def test_one_trial_after_another_is_the_same_as_all_at_once(tmp_path: Path, spec: StudySpec, order: list[int]) -> None:
    step, whole = growth(tmp_path / "step", spec), growth(tmp_path / "whole", spec)
    for count in range(len(order) + 1):
        # As another machine's trial does that had ended before, a later one may come to stand among these.
        step.write(sorted((TRIALS[i] for i in order[:count]), key=lambda trial: trial.number))
    whole.write(sorted((TRIALS[i] for i in order), key=lambda trial: trial.number))
    files = [(tmp_path / name / "hypervolume.csv").read_bytes() for name in ("step", "whole")]
    assert files[0] == files[1]
    assert step.hypervolumes == whole.hypervolumes


def test_a_table_that_something_emptied_is_written_again(tmp_path: Path, spec: StudySpec) -> None:
    growth(tmp_path, spec).write(TRIALS)
    whole = (tmp_path / "hypervolume.csv").read_bytes()
    (tmp_path / "hypervolume.csv").write_bytes(b"")
    growth(tmp_path, spec).write(TRIALS)
    assert (tmp_path / "hypervolume.csv").read_bytes() == whole
