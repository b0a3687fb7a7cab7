"""Whether a random forest has learnt anything of a search: its importances describe the forest, not the objective."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState
from sklearn.ensemble import RandomForestRegressor

from study.front import Direction

TREES = 64  # as Optuna's fANOVA has them
SHUFFLES = 19  # better than every one of them by chance: one time in twenty


@dataclass(frozen=True)
class Fit:
    """R² of a forest on trials that it has not seen; ``beaten`` is the share of shuffles of the values with less."""

    r2: float
    beaten: float

    @property
    def tells(self) -> bool:
        """Whether the forest is better than the mean, and than any forest of shuffled values."""
        return self.r2 > 0 and self.beaten == 1


def forest_fits(optuna_study: optuna.Study, objectives: Mapping[str, Direction]) -> dict[str, Fit]:
    """Judge the forest behind fANOVA's importances for each objective that differs between the complete trials.

    R² = 1 − Σ(v − v̂)² / Σ(v − v̄)², every value v beside the mean v̂ of those trees that were fitted without its trial
    (out of bag). Range (−∞, 1]; below 0 the mean of all trials is the better guess. The same forest is fitted to 19
    seeded shuffles of the values: unless R² is above that of all of them, which noise manages one time in twenty, an
    importance is not distinguishable from noise. Deterministic.

    Source: out-of-bag estimates, Breiman 2001, "Random Forests"; the permutation test, Ojala & Garriga 2010.

    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("lr", 0, 1), n_trials=20)
    >>> fit = forest_fits(study, {"modality_gap": "min"})["modality_gap"]
    >>> fit.tells, round(fit.r2, 1)
    (True, 1.0)
    """
    trials = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    rows = encoded(trials, intersection_search_space(trials))
    fits = {}
    for number, objective in enumerate(objectives):
        values = np.array([trial.values[number] for trial in trials], dtype=np.float64)
        if rows.shape[1] and len(values) > 1 and values.min() < values.max():
            fits[objective] = _fit(rows, values)
    return fits


def _fit(rows: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> Fit:
    r2 = _out_of_bag(rows, values)
    if not r2 > 0:  # no shuffle can change what this says
        return Fit(r2, math.nan)
    rng = np.random.default_rng(0)
    return Fit(r2, float(np.mean([_out_of_bag(rows, rng.permutation(values)) < r2 for _ in range(SHUFFLES)])))


def _out_of_bag(rows: npt.NDArray[np.float64], values: npt.NDArray[np.float64]) -> float:
    forest = RandomForestRegressor(n_estimators=TREES, random_state=0, oob_score=True)
    return float(forest.fit(rows, values).oob_score_)


def encoded(trials: Sequence[FrozenTrial], space: Mapping[str, BaseDistribution]) -> npt.NDArray[np.float64]:
    """Write the parameters of trials as numbers, as Optuna's fANOVA does: choices one-hot, the others as they are."""
    columns = []
    for name, distribution in space.items():
        values = [trial.params[name] for trial in trials]
        if isinstance(distribution, CategoricalDistribution):
            numbers = [distribution.to_internal_repr(value) for value in values]
            columns += [[float(number == k) for number in numbers] for k in range(len(distribution.choices))]
        else:
            columns.append([float(value) for value in values])
    rows: npt.NDArray[np.float64] = np.array(columns, dtype=np.float64).T.reshape(len(trials), len(columns))
    return rows
