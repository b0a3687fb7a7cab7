from pathlib import Path

import pandas as pd
import pytest
from small_study import write_small_study

from gap.posthoc import METHODS
from study.front import non_dominated
from study.posthoc import main


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("posthoc"))


def test_the_sweep_and_its_front(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["posthoc", str(study)])
    assert main() == 0
    assert "Post-hoc front" in capsys.readouterr().out
    points, front = pd.read_csv(study / "posthoc.csv"), pd.read_csv(study / "pareto_posthoc.csv")
    assert set(points["trial_id"]) == {"baseline", "t000", "t001"}
    assert set(points["method"]) == set(METHODS)
    assert set(points["profile"]) == {"rehearsal"}
    # What changes nothing has the figures of the trial itself.
    trials = pd.read_csv(study / "trials.csv").set_index("trial_id")
    for (trial, method), rows in points[points["strength"] == 0].groupby(["trial_id", "method"]):
        if trial != "baseline":
            assert rows["modality_gap"].iloc[0] == pytest.approx(trials.loc[trial, "modality_gap"], abs=1e-5), method
            assert rows["full_recall_at_1"].iloc[0] == pytest.approx(trials.loc[trial, "full_recall_at_1"]), method
    values = points[["recall_at_1", "modality_gap"]]
    best = values[non_dominated(values.to_numpy(), ["max", "min"])].drop_duplicates()
    assert len(front) == len(best)
    assert front["recall_at_1"].is_monotonic_decreasing
    for _, row in points.iterrows():
        beaten = (trials["recall_at_1"] >= row["recall_at_1"]) & (trials["modality_gap"] <= row["modality_gap"])
        strictly = (trials["recall_at_1"] > row["recall_at_1"]) | (trials["modality_gap"] < row["modality_gap"])
        assert row["beats_trained"] == (not (beaten & strictly).any())


def test_what_cannot_be_swept_is_one_line(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for arguments, message in (
        ([str(tmp_path)], "holds no study"),
        ([str(study), "--trial", "t009"], "no adapter of t009: expected one of t000, t001"),
        ([str(study), "--fit-images", "0"], "expected at least 2, got 0"),
    ):
        monkeypatch.setattr("sys.argv", ["posthoc", *arguments])
        assert main() == 2
        assert message in capsys.readouterr().err
