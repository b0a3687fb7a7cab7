from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from study.conditions import Condition
from study.results import ReplicateResults, Results, write_csv


def results(directory: Path, *constraints: Condition) -> Results:
    return Results(
        directory,
        objectives={"recall_at_1": "max", "modality_gap": "min"},
        metrics=["modality_gap", "recall_at_1"],
        parameters=["terms", "beta"],
        constraints=constraints,
    )


def row(trial: int, epoch: int, recall: float, gap: float, **more: Any) -> dict[str, Any]:
    return {
        "trial_id": f"t{trial:03d}", "state": "COMPLETE", "epoch": epoch, "seed": 0, "profile": "rehearsal",
        "recall_at_1": recall, "modality_gap": gap, "terms": "ce", "seconds": 1.5, **more,
    }  # fmt: skip


def test_the_tables_hold_what_was_recorded(tmp_path: Path) -> None:
    table = results(tmp_path)
    table.write_epochs([row(0, 0, 5.0, 1.0), row(0, 1, 40.0, 0.9), row(1, 0, 5.5, 1.0)])
    front = table.write_trials(
        [
            row(0, 1, 40.0, 0.9),
            row(1, 1, 30.0, 0.2, beta=0.1 + 0.2),
            row(2, 1, 99.0, 0.0, state="FAIL", error="loss is nan at step 3"),
            row(3, 1, 29.0, 0.3),
            row(4, 1, 98.0, 0.0, state="STOPPED"),
        ]
    )
    assert front == {
        "t000": {"recall_at_1": 40.0, "modality_gap": 0.9},
        "t001": {"recall_at_1": 30.0, "modality_gap": 0.2},
    }
    pareto = pd.read_csv(tmp_path / "pareto.csv")
    assert pareto["trial_id"].tolist() == ["t000", "t001"]
    assert pareto["beta"].isna().tolist() == [True, False]
    assert pareto["beta"][1] == 0.1 + 0.2  # every bit comes back
    assert pd.read_csv(tmp_path / "baseline.csv")["recall_at_1"].tolist() == [5.0]
    assert len(pd.read_csv(tmp_path / "epochs.csv")) == 3
    trials = pd.read_csv(tmp_path / "trials.csv")
    assert trials["state"].tolist() == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE", "STOPPED"]
    assert trials["error"][2] == "loss is nan at step 3"
    assert list(trials.columns) == [
        "trial_id", "state", "epoch", "seed", "profile", "modality_gap", "recall_at_1", "terms", "beta",
        "seconds", "train_seconds", "images_per_second", "data_share", "pairs_at_once",
        "peak_memory_gb", "trained_parameters",
        "last_epoch", "best_epoch", "best_recall_at_1", "best_modality_gap", "note", "error",
    ]  # fmt: skip


def test_the_baseline_is_written_once(tmp_path: Path) -> None:
    table = results(tmp_path)
    table.write_epochs([row(0, 0, 5.0, 1.0)])
    table.write_epochs([row(1, 0, 6.0, 1.0)])
    assert pd.read_csv(tmp_path / "baseline.csv")["recall_at_1"].tolist() == [5.0]


def test_a_trial_that_breaks_a_constraint_is_not_on_the_front_and_hides_nobody(tmp_path: Path) -> None:
    front = results(tmp_path, Condition("recall_at_1", ">=", 35.0)).write_trials(
        [row(0, 1, 40.0, 0.9), row(1, 1, 30.0, 0.2), row(2, 1, 38.0, 0.8)]
    )
    assert list(front) == ["t000", "t002"]


def test_a_study_without_a_complete_trial_has_an_empty_front_with_its_header(tmp_path: Path) -> None:
    for rows in ([row(0, 0, 1.0, 1.0, state="FAIL", error="out of memory")], []):
        assert results(tmp_path).write_trials(rows) == {}
        front = pd.read_csv(tmp_path / "pareto.csv")
        assert len(front) == 0
        assert "recall_at_1" in front.columns


def test_replicates_give_the_front_its_error_bars(tmp_path: Path) -> None:
    table = results(tmp_path)
    table.write_trials([row(0, 1, 40.0, 0.9)])
    again = ReplicateResults(tmp_path, columns=table)
    runs = [
        {**row(k, 1, 40.0 + k, 0.9), "trial_id": f"r{k:03d}", "replicate_of": "t000", "seed": k + 1} for k in range(2)
    ]
    again.write_epochs(runs)
    assert again.write_trials(runs) == {"t000": {"recall_at_1": 40.0, "modality_gap": 0.9}}
    front = pd.read_csv(tmp_path / "pareto.csv")
    assert front[["recall_at_1", "recall_at_1_mean", "n"]].to_numpy().tolist() == [[40.0, 40.5, 2]]
    assert pd.read_csv(tmp_path / "replicates.csv")["replicate_of"].tolist() == ["t000", "t000"]
    table.write_trials([row(0, 1, 40.0, 0.9), row(1, 1, 20.0, 0.1)])  # a study that goes on keeps them
    front = pd.read_csv(tmp_path / "pareto.csv")
    assert front["n"].tolist() == [2, 0]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trials.csv"
    write_csv(pd.DataFrame({"a": [1]}), path)

    def fail(self: pd.DataFrame, target: str, **_: Any) -> None:
        Path(target).write_text("ha")
        raise OSError("no space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    with pytest.raises(OSError, match="no space left"):
        write_csv(pd.DataFrame({"a": [2]}), path)
    assert [file.name for file in tmp_path.iterdir()] == ["trials.csv"]
    assert path.read_text() == "a\n1\n"


def test_tables_that_something_emptied_are_written_again(tmp_path: Path) -> None:
    names = ("epochs.csv", "trials.csv", "pareto.csv", "baseline.csv")
    for name in (*names, "replicates.csv"):
        (tmp_path / name).touch()
    table = results(tmp_path)
    table.write_epochs([row(0, 0, 5.0, 1.0), row(0, 1, 40.0, 0.9)])
    table.write_trials([row(0, 1, 40.0, 0.9)])
    assert [len(pd.read_csv(tmp_path / name)) for name in names] == [2, 1, 1, 1]
