"""Error bars from re-runs: their arithmetic and their bootstrap."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from study.error_bars import with_error_bars
from study.front import Direction

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
FRONT = pd.DataFrame(
    {"trial_id": ["t004", "t001", "t007"], "recall_at_1": [60.0, 55.0, 40.0], "modality_gap": [0.9, 0.5, 0.2]}
)


def runs(**of: list[tuple[float, float]]) -> pd.DataFrame:
    """Complete re-runs with seeds 1, 2, … of each trial."""
    rows = [(trial, seed, "COMPLETE", *values) for trial, each in of.items() for seed, values in enumerate(each, 1)]
    table = pd.DataFrame(rows, columns=["replicate_of", "seed", "state", *GOALS])
    table.insert(0, "trial_id", [f"r{number:03d}" for number in range(len(rows))])
    return table


def test_mean_and_standard_error_are_those_of_the_runs_alone() -> None:
    table = runs(t004=[(56, 0.9), (58, 0.8), (60, 1.0)], t001=[(50, 0.5)], t099=[(1, 1)])
    table.loc[len(table)] = ["r005", "t004", 4, "FAIL", math.nan, math.nan]
    more = pd.DataFrame(
        [
            ("r006", "t004", 5, "STOPPED", 1.0, 1.0),
            ("r007", "t004", 6, "FAIL", 1.0, 1.0),
            ("r008", "t004", 7, "COMPLETE", 1.0, math.nan),
        ],
        columns=table.columns,
    )
    found = with_error_bars(FRONT, pd.concat([table, more]), GOALS).set_index("trial_id")
    assert found["n"].to_dict() == {"t004": 3, "t001": 1, "t007": 0}
    assert found.loc["t004", "recall_at_1_mean"] == pytest.approx(58)  # not the search's own 60
    assert found.loc["t004", "recall_at_1_se"] == pytest.approx(2 / math.sqrt(3))
    assert found.loc["t004", "modality_gap_se"] == pytest.approx(0.1 / math.sqrt(3))
    assert found.loc["t001", "recall_at_1_mean"] == 50
    assert found.loc[["t001", "t007"], "recall_at_1_se"].isna().all()
    assert math.isnan(found.loc["t007", "recall_at_1_mean"])
    assert math.isnan(found.loc["t007", "pareto_probability"])
    assert found["recall_at_1"].tolist() == [60.0, 55.0, 40.0]
    assert list(found.columns[2:]) == [
        "recall_at_1_mean", "recall_at_1_se", "modality_gap_mean", "modality_gap_se", "n", "pareto_probability",
    ]  # fmt: skip


def test_a_wide_table_gets_its_error_bars_without_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "pareto.csv"
    others = pd.DataFrame(
        {f"column_{number}": [number, "word", 0.5][number % 3] for number in range(150)}, index=FRONT.index
    )
    pd.concat([FRONT, others], axis=1).to_csv(path, index=False)
    barred = with_error_bars(pd.read_csv(path), runs(t004=[(56, 0.9), (58, 0.8)]), GOALS)
    assert barred["n"].tolist() == [2, 0, 0]
    again = with_error_bars(barred, runs(t004=[(56, 0.9)]), GOALS)
    assert again["n"].tolist() == [1, 0, 0]
    assert set(again.columns) == set(barred.columns)


def test_every_column_is_explained() -> None:
    text = (Path(__file__).resolve().parents[2] / "results" / "README.md").read_text(encoding="utf-8")
    explained = {name.replace("<objective>", goal) for name in re.findall(r"`([a-z0-9_<>]+)`", text) for goal in GOALS}
    assert set(with_error_bars(FRONT, runs(), GOALS).columns) <= explained


def test_a_trial_that_is_always_beaten_has_probability_zero() -> None:
    table = runs(t004=[(60, 0.5), (61, 0.5)], t001=[(50, 0.6), (51, 0.7)], t007=[(40, 0.2)])
    assert with_error_bars(FRONT, table, GOALS)["pareto_probability"].tolist() == [1.0, 0.0, 1.0]


def test_the_probability_is_the_bootstraps() -> None:
    # In one objective, the mean of t004's two runs is 0, 1 or 2 with ¼, ½, ¼; it beats t001's 1.5 in the last case.
    goals: dict[str, Direction] = {"recall_at_1": "max"}
    table = runs(t004=[(0, 0), (2, 0)], t001=[(1.5, 0), (1.5, 0)])
    found = with_error_bars(FRONT, table, goals)["pareto_probability"]
    assert found[0] == pytest.approx(0.25, abs=0.05)
    assert found[1] == pytest.approx(1 - found[0])
    again = with_error_bars(FRONT, table, goals)["pareto_probability"]
    pd.testing.assert_series_equal(found, again)


def test_a_resample_has_the_same_seeds_for_all_trials() -> None:
    # With either seed t001 is better by 1; what the seeds do to both is ten times that.
    goals: dict[str, Direction] = {"recall_at_1": "max"}
    table = runs(t004=[(0, 0), (10, 0)], t001=[(1, 0), (11, 0)])
    assert with_error_bars(FRONT, table, goals)["pareto_probability"].tolist()[:2] == [0.0, 1.0]
    turned = table.iloc[[0, 1, 3, 2]]
    assert with_error_bars(FRONT, turned, goals)["pareto_probability"].tolist()[:2] == [0.0, 1.0]


def test_a_resample_without_a_trials_seeds_does_not_count_for_it() -> None:
    goals: dict[str, Direction] = {"recall_at_1": "max"}
    table = runs(t004=[(0, 0), (10, 0)], t001=[(5, 0)])
    found = with_error_bars(FRONT, table, goals)["pareto_probability"]
    # Seeds (1, 1) and (1, 2): t001's 5 beats 0 and ties with 5. (2, 2): t004 is alone.
    assert found[0] == pytest.approx(0.75, abs=0.05)
    assert found[1] == 1.0


def test_objectives_of_a_run_are_drawn_together() -> None:
    # Either of t004's runs is beaten by t001; a run made up of the better halves of both would not be.
    table = runs(t004=[(60, 0.9), (40, 0.3)], t001=[(70, 0.2), (70, 0.2)])
    assert with_error_bars(FRONT, table, GOALS)["pareto_probability"].tolist()[:2] == [0.0, 1.0]


@pytest.mark.parametrize("replicates", [pd.DataFrame(), runs()])
def test_without_runs_everything_is_empty(replicates: pd.DataFrame) -> None:
    found = with_error_bars(FRONT, replicates, GOALS)
    assert found["n"].tolist() == [0, 0, 0]
    assert found.drop(columns=[*FRONT.columns, "n"]).isna().to_numpy().all()
    assert len(with_error_bars(FRONT.iloc[:0], replicates, GOALS)) == 0
