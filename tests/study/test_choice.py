"""The knee of a front, and the trial that somebody needs."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.errors import UserError
from study.choice import knee, pick
from study.conditions import Condition
from study.front import Direction, pareto_front

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}


def table(*rows: tuple[float, ...], objectives: dict[str, Direction] = GOALS, state: str = "COMPLETE") -> pd.DataFrame:
    built = pd.DataFrame([dict(zip(objectives, row, strict=True)) for row in rows], columns=list(objectives))
    built.insert(0, "trial_id", [f"t{number:03d}" for number in range(len(rows))])
    return built.assign(state=state)


@pytest.mark.parametrize(
    ("rows", "name"),
    [
        ([(60, 0.9)], "t000"),
        ([(60, 0.9), (40, 0.2)], "t000"),  # both extremes have the sum 1
        ([(60, 0.9), (58, 0.3), (40, 0.2)], "t001"),
        ([(60, 0.9), (50, 0.55), (40, 0.2)], "t000"),  # on the line: all alike, up to rounding
        ([(60, 0.9), (45, 0.8), (40, 0.2)], "t000"),  # bends inwards
        ([(60, 0.9), (59, 0.3), (59, 0.3), (40, 0.2)], "t001"),
        ([(60, 0.9), (60, 0.9)], "t000"),
    ],
)
def test_the_knee(rows: list[tuple[float, float]], name: str) -> None:
    assert knee(table(*rows), GOALS) == name


def test_the_knee_of_three_objectives() -> None:
    goals: dict[str, Direction] = {**GOALS, "seconds": "min"}
    extremes = [(60, 0.9, 100), (40, 0.2, 100), (40, 0.9, 10)]
    assert knee(table(*extremes, (55, 0.4, 30), (50, 0.5, 50), objectives=goals), goals) == "t003"
    # Of two trials, the one that is better in two objectives of three.
    assert knee(table((60, 0.9, 100), (40, 0.2, 10), objectives=goals), goals) == "t001"


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=12))
def test_units_do_not_move_the_knee_nor_do_signs(rows: list[tuple[int, int]]) -> None:
    front = pareto_front(table(*rows), GOALS)
    other = front.assign(recall_at_1=front["recall_at_1"] * 8 + 3, modality_gap=-front["modality_gap"] / 4)
    assert knee(front, GOALS) == knee(other, {"recall_at_1": "max", "modality_gap": "max"})


def test_the_knee_is_farthest_from_the_line_through_the_extremes() -> None:
    front = pareto_front(table((60, 0.9), (58, 0.5), (52, 0.3), (40, 0.2)), GOALS)
    a, b = np.array([60, 0.9]), np.array([40, 0.2])
    scaled = (front[list(GOALS)].to_numpy() - b) / (a - b)
    distances = np.abs(scaled[:, 0] - scaled[:, 1]) / math.sqrt(2)
    assert knee(front, GOALS) == front["trial_id"][int(distances.argmax())]


FRONT = table((60, 0.9), (55, 0.4), (52, 0.35), (40, 0.2), (45, 0.5))  # the last is dominated


@pytest.mark.parametrize(
    ("conditions", "name"),
    [
        ([Condition("recall_at_1", ">=", 50)], "t002"),
        ([Condition("recall_at_1", ">", 52)], "t001"),
        ([Condition("modality_gap", "<=", 0.4)], "t001"),
        ([Condition("recall_at_1", ">=", 50), Condition("modality_gap", "<", 0.9)], "t002"),  # all named: the last
        ([], "t000"),
        ([Condition("recall_at_1", "<", 50)], "t003"),
    ],
)
def test_the_pick(conditions: list[Condition], name: str) -> None:
    assert pick(FRONT, conditions, GOALS)["trial_id"] == name
    assert pick(pareto_front(FRONT, GOALS), conditions, GOALS)["trial_id"] == name


def test_other_metrics_can_be_asked_for_and_nothing_but_the_front_is_looked_at() -> None:
    trials = FRONT.assign(mrr=[0.1, math.nan, 0.3, 0.4, 0.9])
    trials.loc[3, "state"] = "STOPPED"
    assert pick(trials, [Condition("mrr", ">", 0.2)], GOALS)["trial_id"] == "t002"
    trials.loc[[0, 2], "state"] = "FAIL"
    assert set(pareto_front(trials, GOALS)["trial_id"]) == {"t001"}
    with pytest.raises(UserError, match=r"no trial of the front has mrr > 0\.2: none has a value"):
        pick(trials, [Condition("mrr", ">", 0.2)], GOALS)


def test_equals_go_on_to_the_next_objective() -> None:
    goals: dict[str, Direction] = {**GOALS, "seconds": "min"}
    trials = table((60, 0.4, 90), (50, 0.4, 30), (55, 0.4, 60), objectives=goals)
    assert pick(trials, [Condition("recall_at_1", ">", 0)], goals)["trial_id"] == "t001"


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ([Condition("recall_at_1", ">=", 61)], "recall_at_1 >= 61: the nearest is 60 (t000)"),
        ([Condition("modality_gap", "<", 0.2)], "modality_gap < 0.2: the nearest is 0.2 (t003)"),
        (
            [Condition("recall_at_1", ">=", 55), Condition("modality_gap", "<=", 0.3)],
            "modality_gap <= 0.3 among those with recall_at_1 >= 55: the nearest is 0.4 (t001)",
        ),
    ],
)
def test_without_a_match_the_nearest_value_is_said(conditions: list[Condition], message: str) -> None:
    with pytest.raises(UserError) as caught:
        pick(FRONT, conditions, GOALS)
    assert str(caught.value) == f"no trial of the front has {message}"


def test_an_empty_front_has_neither() -> None:
    for trials in (table(), table((60, 0.9), state="FAIL")):
        with pytest.raises(UserError, match="the front is empty"):
            pick(trials, [Condition("recall_at_1", ">=", 50)], GOALS)
    with pytest.raises(UserError, match="the front is empty"):
        knee(table(), GOALS)
