import re
from pathlib import Path

import pandas as pd
import pytest
from small_study import write_small_study

from gap.posthoc import METHODS
from study.front import non_dominated
from study.posthoc import main

README = (Path(__file__).resolve().parents[2] / "results" / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_study(tmp_path_factory.mktemp("posthoc"))


def test_the_sweep_and_its_front(
    study: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["posthoc", str(study)])
    assert main() == 0
    said = capsys.readouterr().out
    assert "Post-hoc front of the untuned model, without training" in said
    assert "Post-hoc front of trials, after their training" in said
    below = said.split("of trials, after their training")[1]
    assert "trial t000" in below or "trial t001" in below
    assert "untuned" not in below
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
    for untuned in (True, False):
        own, best = (table[(table["trial_id"] == "baseline") == untuned] for table in (points, front))
        values = own[["recall_at_1", "modality_gap"]]
        assert len(best) == len(values[non_dominated(values.to_numpy(), ["max", "min"])].drop_duplicates())
        assert best["recall_at_1"].is_monotonic_decreasing
    for _, row in points.iterrows():
        counts = {"trials_beaten": 0, "beaten_by_trials": 0}
        for _, trial in trials.iterrows():
            more, less = row["recall_at_1"] - trial["recall_at_1"], row["modality_gap"] - trial["modality_gap"]
            counts["trials_beaten"] += bool(more >= 0 >= less and (more, less) != (0, 0))
            counts["beaten_by_trials"] += bool(more <= 0 <= less and (more, less) != (0, 0))
        assert {name: row[name] for name in counts} == counts
    columns = [
        one for line in README.partition("`posthoc.csv`, by")[2].splitlines() for one in re.findall("`([a-z_]+)`", line)
    ]
    assert {"trial_id", "method", "strength", "trials_beaten", "beaten_by_trials"} <= {*columns} & {*points.columns}


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
