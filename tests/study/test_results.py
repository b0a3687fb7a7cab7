from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from study.results import Results, write_csv


def results(directory: Path) -> Results:
    return Results(
        directory,
        objectives={"recall_at_1": "max", "modality_gap": "min"},
        metrics=["modality_gap", "recall_at_1"],
        parameters=["terms", "beta"],
    )


def row(trial: int, epoch: int, recall: float, gap: float, **more: Any) -> dict[str, Any]:
    return {
        "trial_id": f"t{trial:03d}", "state": "COMPLETE", "epoch": epoch, "seed": 0, "profile": "rehearsal",
        "recall_at_1": recall, "modality_gap": gap, "terms": "ce", "seconds": 1.5, **more,
    }  # fmt: skip


def test_files_are_whole_after_every_trial(tmp_path: Path) -> None:
    table = results(tmp_path)
    table.add_epoch(row(0, 0, 5.0, 1.0))
    table.add_epoch(row(0, 1, 40.0, 0.9))
    table.end_trial(row(0, 1, 40.0, 0.9))
    assert pd.read_csv(tmp_path / "pareto.csv")["trial_id"].tolist() == ["t000"]
    table.add_epoch(row(1, 0, 5.5, 1.0))
    table.end_trial(row(1, 1, 30.0, 0.2, beta=0.1 + 0.2))
    table.end_trial(row(2, 1, 99.0, 0.0, state="FAIL", error="loss is nan at step 3"))
    table.end_trial(row(3, 1, 29.0, 0.3))

    pareto = pd.read_csv(tmp_path / "pareto.csv")
    assert pareto["trial_id"].tolist() == ["t000", "t001"]
    assert pareto["beta"].isna().tolist() == [True, False]
    assert pareto["beta"][1] == 0.1 + 0.2  # every bit comes back
    assert pd.read_csv(tmp_path / "baseline.csv")["recall_at_1"].tolist() == [5.0]
    assert len(pd.read_csv(tmp_path / "epochs.csv")) == 3
    trials = pd.read_csv(tmp_path / "trials.csv")
    assert trials["state"].tolist() == ["COMPLETE", "COMPLETE", "FAIL", "COMPLETE"]
    assert trials["error"][2] == "loss is nan at step 3"
    assert list(trials.columns) == [
        "trial_id", "state", "epoch", "seed", "profile", "modality_gap", "recall_at_1", "terms", "beta",
        "seconds", "train_seconds", "images_per_second", "peak_memory_gb", "trained_parameters",
        "best_epoch", "best_recall_at_1", "best_modality_gap", "error",
    ]  # fmt: skip


def test_a_study_without_a_complete_trial_has_an_empty_front_with_its_header(tmp_path: Path) -> None:
    results(tmp_path).end_trial(row(0, 0, 1.0, 1.0, state="FAIL", error="out of memory"))
    front = pd.read_csv(tmp_path / "pareto.csv")
    assert len(front) == 0
    assert "recall_at_1" in front.columns


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
