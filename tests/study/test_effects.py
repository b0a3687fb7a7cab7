"""Effects of terms and importances of parameters, against scipy and against studies whose answer is known."""

import math
import warnings
from collections.abc import Callable

import numpy as np
import optuna
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from study.effects import conditional_parameters, importances, term_effects, with_rest
from study.forest import _fit, encoded, forest_fits
from study.front import Direction
from study.welch import welch

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
GROUP = st.lists(st.integers(-1000, 1000).map(float), min_size=2, max_size=8)


@given(GROUP, GROUP)
def test_welch_agrees_with_scipy(first: list[float], second: list[float]) -> None:
    ours = welch(first, second)
    if ours.error == 0:
        assert len({*first}) == len({*second}) == 1
        assert ours.p_value == (first[0] == second[0])
        assert ours.interval() == (ours.value, ours.value)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scipy mistrusts a group of equal values
        theirs = stats.ttest_ind(first, second, equal_var=False)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-9)
    assert ours.freedom == pytest.approx(theirs.df)
    assert ours.interval() == pytest.approx(tuple(theirs.confidence_interval()), rel=1e-6, abs=1e-6)


def test_equal_values_differ_in_nothing_whatever_their_rounding() -> None:
    assert welch([0.1] * 3, [0.1] * 2).p_value == 1.0
    assert math.isnan(welch([1.0], [1.0, 2.0]).p_value)
    assert all(map(math.isnan, welch([], [1.0, 2.0]).interval()))


def trials(*rows: tuple[str, str, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["state", "terms", *GOALS])


def test_the_effect_of_a_term_is_a_difference_of_means() -> None:
    table = trials(
        ("COMPLETE", "ce", 50, 0.9),
        ("COMPLETE", "ce", 52, 0.8),
        ("COMPLETE", "ce+variance", 40, 0.5),
        ("COMPLETE", "ce+variance+align", 44, 0.3),
        ("COMPLETE", "ce+align+variance", 45, math.nan),
        ("STOPPED", "ce+variance", 10, 0.1),
        ("FAIL", "ce+centroid", math.nan, math.nan),
    )
    found = term_effects(table, GOALS).set_index(["term", "objective"])
    assert set(found.index.get_level_values(0)) == {"align", "centroid", "variance"}  # ce is in every trial
    variance = found.loc[("variance", "recall_at_1")]
    assert (variance["n_with"], variance["n_without"]) == (3, 2)
    assert variance["effect"] == pytest.approx(43 - 51)
    interval = stats.ttest_ind([40, 44, 45], [50, 52], equal_var=False).confidence_interval()
    assert (variance["low"], variance["high"]) == pytest.approx(tuple(interval))
    assert variance["standard_error"] == pytest.approx(math.sqrt(7 / 3 + 2 / 2))
    gap = found.loc[("variance", "modality_gap")]
    assert (gap["n_with"], gap["effect"]) == (2, pytest.approx(0.4 - 0.85))
    # One trial with a value of the gap: nothing can be said of its scatter.
    align = found.loc[("align", "modality_gap")]
    assert (align["n_with"], align["n_without"]) == (1, 3)
    assert np.isnan(align[["effect", "standard_error", "low", "high"]].to_numpy(dtype=float)).all()
    # A term whose trials all failed is named, too.
    assert found.loc[("centroid", "recall_at_1"), "n_with"] == 0


@pytest.mark.parametrize(
    "table", [trials(), trials(("COMPLETE", "ce", 50, 0.9)), trials(("FAIL", "ce", 50, 0.9)).drop(columns="terms")]
)
def test_without_a_term_that_varies_there_is_no_effect(table: pd.DataFrame) -> None:
    found = term_effects(table, GOALS)
    assert len(found) == 0
    assert "effect" in found.columns


def optuna_study(objective: Callable[[optuna.Trial], tuple[float, float]], n: int) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0), directions=["maximize", "minimize"])
    study.optimize(objective, n_trials=n)
    return study


def two(trial: optuna.Trial) -> tuple[float, float]:
    """Recall by the rank, the gap by the rate and the terms; beta belongs to one term."""
    rank = trial.suggest_categorical("rank", [4, 8, 16])
    rate = trial.suggest_float("lr", 0.0, 1.0)
    terms = trial.suggest_categorical("terms", ["ce", "ce+variance"])
    if terms == "ce+variance":
        trial.suggest_float("beta", -1.0, 1.0)
    return float(rank), 10 * rate + (terms == "ce")


def test_the_parameter_that_matters_is_the_most_important_and_always_the_same() -> None:
    study = optuna_study(two, 40)
    found = importances(study, GOALS)
    first = found.groupby("objective", sort=False).first()["parameter"]
    assert first.to_dict() == {"recall_at_1": "rank", "modality_gap": "lr"}
    totals = found.groupby("objective")["importance"].sum()
    assert ((totals > 0.5) & (totals <= 1 + 1e-9)).all()
    assert with_rest(found).groupby("objective")["importance"].sum().to_numpy() == pytest.approx([1.0, 1.0])
    assert set(found["parameter"]) == {"rank", "lr", "terms"}
    assert conditional_parameters(study) == ["beta"]
    pd.testing.assert_frame_equal(found, importances(study, GOALS))


@pytest.mark.parametrize("n", [1, 3])
def test_too_few_trials_have_no_importances(n: int) -> None:
    found = importances(optuna_study(two, n), GOALS)
    assert found["importance"].isna().all()
    assert {"rank", "lr", "terms"} <= set(found["parameter"])


def test_equal_values_have_no_importances_and_others_still_do() -> None:
    found = importances(optuna_study(lambda trial: (two(trial)[0], 1.0), 20), GOALS).set_index("objective")
    assert found.loc["modality_gap", "importance"].isna().all()
    assert found.loc["recall_at_1", "importance"].notna().all()


def test_studies_without_anything_to_explain() -> None:
    assert len(importances(optuna_study(two, 0), GOALS)) == 0

    def one_choice(trial: optuna.Trial) -> tuple[float, float]:
        trial.suggest_categorical("terms", ["ce"])
        return float(trial.number), 1.0

    assert importances(optuna_study(one_choice, 6), GOALS)["importance"].isna().all()


def noise(trial: optuna.Trial) -> tuple[float, float]:
    """Values that depend on the number of the trial alone, whatever is suggested."""
    two(trial)
    trial.suggest_float("alpha", 0.0, 5.0)
    first, second = np.random.default_rng(trial.number).normal(size=2)
    return float(first), float(second)


def test_shares_are_those_of_the_forest_and_not_rescaled() -> None:
    study = optuna_study(noise, 40)
    found = importances(study, GOALS).set_index(["objective", "parameter"])["importance"]
    for number, objective in enumerate(GOALS):
        evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
        own = evaluator.evaluate(study, target=lambda trial, number=number: trial.values[number])
        assert found[objective].to_dict() == pytest.approx(own)
        assert sum(own.values()) < 0.9
    # A parameter of an additive objective without noise explains nearly all.
    steep = importances(optuna_study(lambda trial: (two(trial)[0], 1.0), 40), GOALS).set_index("parameter")
    assert steep.loc["rank", "importance"].iloc[0] > 0.9


def test_noise_is_told_from_what_a_parameter_moves() -> None:
    assert {fit.tells for fit in forest_fits(optuna_study(noise, 40), GOALS).values()} == {False}
    fits = forest_fits(optuna_study(two, 40), GOALS)
    assert [(fit.tells, fit.beaten, fit.r2 > 0.5) for fit in fits.values()] == [(True, 1, True)] * 2
    assert fits == forest_fits(optuna_study(two, 40), GOALS)


def test_noise_passes_as_signal_one_time_in_twenty() -> None:
    values = np.random.default_rng(0).normal(size=(25, 12))
    rows = np.random.default_rng(1).random((25, 12, 3))
    told = [_fit(row, value).tells for row, value in zip(rows, values, strict=True)]
    assert sum(told) <= 5  # binomial(25, 0.05) exceeds it one time in a thousand


def test_parameters_are_numbers_as_fanova_has_them() -> None:
    trials = optuna_study(two, 5).trials
    rows = encoded(trials, {name: trials[0].distributions[name] for name in ("rank", "lr")})
    assert rows.shape == (5, 4)
    assert rows[:, 3].tolist() == [trial.params["lr"] for trial in trials]
    assert rows[:, :3].argmax(axis=1).tolist() == [[4, 8, 16].index(trial.params["rank"]) for trial in trials]
    assert encoded([], {}).shape == (0, 0)


def test_studies_without_anything_to_fit_have_no_fit() -> None:
    assert forest_fits(optuna_study(two, 0), GOALS) == {}
    assert set(forest_fits(optuna_study(lambda trial: (two(trial)[0], 1.0), 6), GOALS)) == {"recall_at_1"}


def test_failed_trials_count_for_nothing() -> None:
    study = optuna_study(two, 20)
    before = importances(study, GOALS)
    study.tell(study.ask(), state=optuna.trial.TrialState.FAIL)
    pd.testing.assert_frame_equal(importances(study, GOALS), before)
