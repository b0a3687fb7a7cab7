"""The search: Optuna proposes, Ray Tune asks.

The Optuna study is made before Ray sees it, with its directions, its sampler and the trials that come first; the
searcher then asks and tells. What it adds to Ray's own: constants reach the trial with the suggestions, dimensions that
a trial has no use for are not suggested, and a trial whose objectives are missing or not finite is told as failed. (Ray
would leave a NaN trial running for ever, and let an infinity on to the front.)
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.study import StudyDirection
from optuna.trial import TrialState
from ray.tune.search.optuna import OptunaSearch

from study.distributions import Choices, Dimension
from study.front import Direction

DIRECTIONS: dict[Direction, StudyDirection] = {"max": StudyDirection.MAXIMIZE, "min": StudyDirection.MINIMIZE}


def create_study(
    storage: Path,
    *,
    name: str,
    objectives: Mapping[str, Direction],
    seed: int,
    search: Mapping[str, Dimension],
    enqueue: Sequence[Mapping[str, Any]],
) -> optuna.Study:
    """Make the Optuna study in an SQLite file, with the given trials first in its queue.

    A queued trial takes the default of every dimension that it does not name and has a use for.
    """
    study = optuna.create_study(
        storage=f"sqlite:///{storage}",
        study_name=name,
        sampler=optuna.samplers.TPESampler(seed=seed),
        directions=[DIRECTIONS[direction] for direction in objectives.values()],
    )
    for point in enqueue:
        study.enqueue_trial({**defaults(search), **point})
    return study


def defaults(search: Mapping[str, Dimension]) -> dict[str, Any]:
    """Give the default of every dimension that has one."""
    return {name: dimension.default for name, dimension in search.items() if dimension.default is not None}


def first_parameters(search: Mapping[str, Dimension], enqueue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the searched parameters of the first trial, as far as they are known before it is asked for."""
    return {**defaults(search), **(enqueue[0] if enqueue else {})}


def suggest(trial: optuna.Trial, search: Mapping[str, Dimension], terms: str) -> dict[str, Any]:
    """Ask Optuna for every dimension that the trial has a use for; ``terms`` stands where none are searched."""
    chosen: dict[str, Any] = {}
    if "terms" in search:
        terms = chosen["terms"] = _suggest_one(trial, "terms", search["terms"])
    for name, dimension in search.items():
        if name != "terms" and dimension.applies(terms):
            chosen[name] = _suggest_one(trial, name, dimension)
    return chosen


def _suggest_one(trial: optuna.Trial, name: str, dimension: Dimension) -> Any:
    if isinstance(dimension, Choices):
        return trial.suggest_categorical(name, dimension.choices)
    distribution = dimension.distribution()
    if isinstance(distribution, optuna.distributions.IntDistribution):
        return trial.suggest_int(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    return trial.suggest_float(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


def _no_space(trial: optuna.Trial) -> None:
    """Stand where Ray's searcher wants a space: ``StudySearch.suggest`` asks for the parameters itself."""


class StudySearch(OptunaSearch):  # type: ignore[misc]
    """Ray's Optuna searcher on a study that exists already."""

    def __init__(
        self,
        study: optuna.Study,
        *,
        objectives: Mapping[str, Direction],
        search: Mapping[str, Dimension],
        fixed: Mapping[str, Any],
    ) -> None:
        super().__init__(
            space=_no_space,
            metric=list(objectives),
            mode=list(objectives.values()),
            storage=study._storage,
            study_name=study.study_name,
            sampler=study.sampler,
        )
        self._search = dict(search)
        self._fixed = dict(fixed)

    def suggest(self, trial_id: str) -> dict[str, Any]:
        """Give Ray the whole configuration of the next trial, its number among it."""
        if trial_id not in self._ot_trials:
            self._ot_trials[trial_id] = self._ot_study.ask()
        trial = self._ot_trials[trial_id]
        return {**self._fixed, **suggest(trial, self._search, self._fixed.get("terms", "")), "number": trial.number}

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Tell Optuna the values of the last report, or that the trial failed."""
        values = [(result or {}).get(metric) for metric in self.metric]
        good = not error and all(isinstance(value, float) and math.isfinite(value) for value in values)
        trial = self._ot_trials[trial_id]
        if good:
            self._ot_study.tell(trial, values)
        else:
            self._ot_study.tell(trial, state=TrialState.FAIL)
        self._completed_trials.add(trial_id)
