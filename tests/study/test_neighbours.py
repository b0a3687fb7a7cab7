"""Comparison of trials by their re-runs: paired by seed, against scipy and against pairs made by hand."""

import math

import pandas as pd
import pytest
from scipy import stats

from study.front import Direction
from study.neighbours import Neighbours, neighbours
from study.paired import paired
from study.welch import welch

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
FRONT = pd.DataFrame(
    {"trial_id": ["t004", "t001", "t007"], "recall_at_1": [60.0, 55.0, 40.0], "modality_gap": [0.9, 0.5, 0.2]}
)
Run = tuple[int, float, float]


def runs(**of: list[Run]) -> pd.DataFrame:
    """Complete re-runs ``(seed, recall, gap)``."""
    rows = [(trial, seed, "COMPLETE", *values) for trial, each in of.items() for seed, *values in each]
    return pd.DataFrame(rows, columns=["replicate_of", "seed", "state", *GOALS])


def first(table: pd.DataFrame, goals: dict[str, Direction] = GOALS) -> Neighbours:
    return neighbours(FRONT, table, goals)[0]


def test_a_difference_that_every_seed_shows_is_found_in_the_noise_of_the_seeds() -> None:
    recall = {1: 50.0, 2: 56.0, 3: 41.0, 4: 62.0}
    gained = {1: 51.0, 2: 57.2, 3: 41.9, 4: 63.1}
    found = paired(gained, recall)
    oracle = stats.ttest_rel([51.0, 57.2, 41.9, 63.1], [50.0, 56.0, 41.0, 62.0])
    assert found.p_value == pytest.approx(oracle.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(oracle.confidence_interval()))
    assert found.mean == pytest.approx(1.05)
    assert found.error == pytest.approx(found.mean / oracle.statistic)
    assert found.p_value < 0.001 < 0.5 < welch([*gained.values()], [*recall.values()]).p_value
    table = runs(
        t004=[(seed, value, 0.5) for seed, value in gained.items()],
        t001=[(seed, value, 0.5) for seed, value in recall.items()],
    )
    assert first(table) == Neighbours("t004", "t001", "paired over 4 seeds", alike=False)


def test_pairs_are_by_seed_and_never_by_order() -> None:
    table = runs(t004=[(1, 50, 0.5), (2, 60, 0.5), (3, 70, 0.5)], t001=[(3, 69, 0.5), (1, 49, 0.5), (2, 59, 0.5)])
    assert first(table) == Neighbours("t004", "t001", "paired over 3 seeds", alike=False)
    for seed in (0, 1):
        assert first(table.sample(frac=1, random_state=seed)) == first(table)
    # The same numbers under other seeds are a difference no more.
    other = table.assign(seed=[1, 2, 3, 1, 2, 3])
    assert first(other) == Neighbours("t004", "t001", "paired over 3 seeds", alike=True)


def test_a_seed_that_failed_once_is_dropped_on_both_sides() -> None:
    table = runs(t004=[(1, 50, 0.5), (2, 60, 0.5), (3, 10, 0.5)], t001=[(1, 49, 0.5), (2, 59, 0.5), (3, 90, 0.5)])
    assert first(table).alike
    table.loc[5, "state"] = "FAIL"
    assert first(table) == Neighbours("t004", "t001", "paired over 2 seeds", alike=False)
    table.loc[5, ["state", "recall_at_1"]] = ["COMPLETE", math.nan]
    assert first(table) == Neighbours("t004", "t001", "paired over 2 seeds", alike=False)
    table.loc[4, "state"] = "STOPPED"
    assert first(table) == Neighbours("t004", "t001", "1 seed in common", alike=None)
    assert paired({1: 2.0, 2: math.inf}, {1: 1.0, 2: 1.0}).n == 1


@pytest.mark.parametrize(
    ("one", "other", "mean", "error", "p"),
    [
        ({}, {}, math.nan, math.nan, math.nan),
        ({1: 3.0}, {1: 1.0}, 2.0, math.nan, math.nan),
        ({1: 3.0, 2: 4.0}, {1: 3.0, 2: 4.0}, 0.0, 0.0, 1.0),
        ({1: 3.0, 2: 4.0}, {1: 2.0, 2: 3.0}, 1.0, 0.0, 0.0),
        ({1: 1.0, 2: -1.0}, {1: 0.0, 2: 0.0}, 0.0, 1.0, 1.0),
    ],
)
def test_few_or_equal_differences(
    one: dict[int, float], other: dict[int, float], mean: float, error: float, p: float
) -> None:
    found = paired(one, other)
    assert (found.mean, found.error, found.p_value) == pytest.approx((mean, error, p), nan_ok=True)
    assert found.n == len(one)


def test_nearly_equal_differences_give_no_warning() -> None:
    found = paired({1: 1.1, 2: 2.1, 3: 0.3}, {1: 1.0, 2: 2.0, 3: 0.2})
    assert found.p_value < 1e-6
    assert found.low <= 0.1 <= found.high or abs(found.mean - 0.1) < 1e-12


def test_without_a_common_seed_runs_are_not_pairs() -> None:
    table = runs(t004=[(1, 50, 0.5), (2, 60, 0.5)], t001=[(3, 49, 0.5), (4, 59, 0.5), (5, 60, 0.5)])
    assert first(table) == Neighbours("t004", "t001", "Welch, 2 and 3 runs without a common seed", alike=True)
    apart = runs(t004=[(1, 50, 0.5), (2, 51, 0.5)], t001=[(3, 9, 0.5), (4, 8, 0.5), (5, 9, 0.5)])
    assert first(apart).alike is False
    few = runs(t004=[(1, 50, 0.5), (2, 60, 0.5)], t001=[(3, 49, 0.5)])
    assert first(few) == Neighbours("t004", "t001", "no seed in common, and one of them run once", alike=None)


def test_neighbours_are_compared_in_the_order_of_the_front() -> None:
    table = runs(
        t007=[(1, 40.0, 0.20), (2, 41.0, 0.21), (3, 39.0, 0.19)],
        t001=[(1, 55.0, 0.90), (2, 57.0, 0.80), (3, 53.0, 0.85)],
        t004=[(1, 56.0, 0.80), (2, 53.0, 0.85), (3, 58.0, 0.90)],
    )
    expected = [
        Neighbours("t004", "t001", "paired over 3 seeds", alike=True),
        Neighbours("t001", "t007", "paired over 3 seeds", alike=False),
    ]
    assert neighbours(FRONT, table, GOALS) == neighbours(FRONT.iloc[::-1], table, GOALS) == expected


def test_the_correction_is_over_the_objectives() -> None:
    # p = 0.038 in recall: a difference by itself, none as one of two.
    table = runs(t004=[(1, 0, 1), (2, 0, 1), (3, 0, 1)], t001=[(1, 1.0, 1), (2, 1.5, 1), (3, 0.8, 1)])
    p = paired({1: 0.0, 2: 0.0, 3: 0.0}, {1: 1.0, 2: 1.5, 3: 0.8}).p_value
    assert 0.025 < p < 0.05
    assert first(table, {"recall_at_1": "max"}).alike is False
    assert first(table).alike is True


@pytest.mark.parametrize("table", [pd.DataFrame(), runs()])
def test_without_runs_nothing_is_said(table: pd.DataFrame) -> None:
    assert [pair.alike for pair in neighbours(FRONT, table, GOALS)] == [None, None]
    assert {pair.how for pair in neighbours(FRONT, table, GOALS)} == {"not re-run"}
    assert neighbours(FRONT.iloc[:1], table, GOALS) == neighbours(FRONT.iloc[:0], table, GOALS) == []
