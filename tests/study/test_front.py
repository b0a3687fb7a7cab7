import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.front import non_dominated, pareto_front


def brute_force(rows: list[tuple[float, float]]) -> list[bool]:
    def dominates(a: tuple[float, float], b: tuple[float, float]) -> bool:
        return a[0] >= b[0] and a[1] <= b[1] and (a[0] > b[0] or a[1] < b[1])

    return [not any(dominates(other, row) for other in rows) for row in rows]


small = st.integers(0, 4).map(float)  # few distinct values: many ties


@given(st.lists(st.tuples(small, small), min_size=1, max_size=12))
def test_equals_brute_force_domination(rows: list[tuple[float, float]]) -> None:
    assert non_dominated(np.array(rows), ["max", "min"]).tolist() == brute_force(rows)


@given(st.lists(st.tuples(small, small), min_size=1, max_size=8))
def test_equals_optuna_best_trials(rows: list[tuple[float, float]]) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(directions=["maximize", "minimize"])
    for row in rows:
        study.add_trial(optuna.trial.create_trial(values=list(row)))
    expected = {trial.number for trial in study.best_trials}
    assert set(np.flatnonzero(non_dominated(np.array(rows), ["max", "min"]))) == expected


def test_equal_trials_stand_on_the_front_together() -> None:
    assert non_dominated(np.array([[1.0, 1.0], [1.0, 1.0]]), ["max", "min"]).tolist() == [True, True]


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_never_on_the_front_and_beats_nothing(bad: float) -> None:
    assert non_dominated(np.array([[bad, 0.0], [1.0, 1.0]]), ["max", "min"]).tolist() == [False, True]


def test_one_row_and_no_row() -> None:
    assert non_dominated(np.array([[3.0, 2.0]]), ["max", "min"]).tolist() == [True]
    assert non_dominated(np.empty((0, 2)), ["max", "min"]).tolist() == []


def test_the_number_of_columns_must_match() -> None:
    with pytest.raises(ValueError, match=r"expected values \[n, 2\].*got \[1, 3\]"):
        non_dominated(np.zeros((1, 3)), ["max", "min"])


def test_front_leaves_out_what_is_not_complete_and_sorts_by_the_first_objective() -> None:
    trials = pd.DataFrame(
        {
            "trial_id": ["t000", "t001", "t002", "t003"],
            "state": ["COMPLETE", "FAILED", "COMPLETE", "COMPLETE"],
            "recall_at_1": [30.0, 99.0, 50.0, 20.0],
            "modality_gap": [0.2, 0.0, 0.9, 0.8],
        }
    )
    front = pareto_front(trials, {"recall_at_1": "max", "modality_gap": "min"})
    assert front["trial_id"].tolist() == ["t002", "t000"]
