"""Error bars from re-runs: their arithmetic, their bootstrap, and which trials they do not tell apart."""

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from study.error_bars import indistinguishable, with_error_bars
from study.front import Direction

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
FRONT = pd.DataFrame(
    {"trial_id": ["t004", "t001", "t007"], "recall_at_1": [60.0, 55.0, 40.0], "modality_gap": [0.9, 0.5, 0.2]}
)


def runs(**of: list[tuple[float, float]]) -> pd.DataFrame:
    rows = [(trial, "COMPLETE", *values) for trial, each in of.items() for values in each]
    table = pd.DataFrame(rows, columns=["replicate_of", "state", *GOALS])
    table.insert(0, "trial_id", [f"r{number:03d}" for number in range(len(rows))])
    return table


def test_mean_and_standard_error_are_those_of_the_runs_alone() -> None:
    table = runs(t004=[(56, 0.9), (58, 0.8), (60, 1.0)], t001=[(50, 0.5)], t099=[(1, 1)])
    table.loc[len(table)] = ["r005", "FAIL", "STOPPED", math.nan, math.nan]
    more = pd.DataFrame(
        [
            ("r006", "t004", "STOPPED", 1.0, 1.0),
            ("r007", "t004", "FAIL", 1.0, 1.0),
            ("r008", "t004", "COMPLETE", 1.0, math.nan),
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
    # In one objective, the mean of t004's two runs is 0, 1 or 2 with ¼, ½, ¼; it beats 1.5 in the last case alone.
    goals: dict[str, Direction] = {"recall_at_1": "max"}
    table = runs(t004=[(0, 0), (2, 0)], t001=[(1.5, 0)])
    found = with_error_bars(FRONT, table, goals)["pareto_probability"]
    assert found[0] == pytest.approx(0.25, abs=0.05)
    assert found[1] == pytest.approx(1 - found[0])
    again = with_error_bars(FRONT, table, goals)["pareto_probability"]
    pd.testing.assert_series_equal(found, again)


def test_objectives_of_a_run_are_drawn_together() -> None:
    # Either of t004's runs is beaten by t001; a run made up of the better halves of both would not be.
    table = runs(t004=[(60, 0.9), (40, 0.3)], t001=[(70, 0.2)])
    assert with_error_bars(FRONT, table, GOALS)["pareto_probability"].tolist()[:2] == [0.0, 1.0]


@pytest.mark.parametrize("replicates", [pd.DataFrame(), runs()])
def test_without_runs_everything_is_empty(replicates: pd.DataFrame) -> None:
    found = with_error_bars(FRONT, replicates, GOALS)
    assert found["n"].tolist() == [0, 0, 0]
    assert found.drop(columns=[*FRONT.columns, "n"]).isna().to_numpy().all()
    assert indistinguishable(FRONT, replicates, GOALS) == []
    empty = with_error_bars(FRONT.iloc[:0], replicates, GOALS)
    assert len(empty) == 0
    assert indistinguishable(empty, replicates, GOALS) == []


def test_neighbours_that_overlap_are_not_told_apart() -> None:
    table = runs(
        t007=[(40.0, 0.20), (41.0, 0.21), (39.0, 0.19)],
        t001=[(55.0, 0.90), (57.0, 0.80), (53.0, 0.85)],
        t004=[(56.0, 0.90), (58.0, 0.85), (54.0, 0.80)],
    )
    assert indistinguishable(FRONT, table, GOALS) == [("t004", "t001")]
    assert indistinguishable(FRONT.iloc[::-1], table, GOALS) == [("t004", "t001")]
    # Different in the gap alone is different.
    apart = table.assign(modality_gap=table["modality_gap"] - 0.5 * (table["replicate_of"] == "t001"))
    assert indistinguishable(FRONT, apart, GOALS) == []


def test_the_correction_is_over_the_objectives() -> None:
    # p = 0.038 in recall: a difference by itself, none as one of two.
    table = runs(t004=[(0.0, 1.0), (1.0, 1.0), (2.0, 1.0)], t001=[(2.5, 1.0), (3.5, 1.0), (4.5, 1.0)])
    assert indistinguishable(FRONT, table, {"recall_at_1": "max"}) == []
    assert indistinguishable(FRONT, table, GOALS) == [("t004", "t001")]


def test_a_pair_with_a_single_run_is_not_judged() -> None:
    table = runs(t004=[(60, 0.9)], t001=[(60, 0.9), (60, 0.9)], t007=[(60, 0.9), (60, 0.9)])
    assert indistinguishable(FRONT, table, GOALS) == [("t001", "t007")]
