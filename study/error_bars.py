"""How sure a front is, from re-runs of its trials with other seeds.

The search's own run of a trial counts for nothing here. It stands on the front because it did well, by merit or by
luck, and would pull every mean towards its luck (the winner's curse). Re-runs were not chosen by their outcome.

``replicates`` has a row a re-run: ``replicate_of``, the trial that it repeats, its ``seed``, ``state``, and the
objectives. Runs that are not complete, or have an objective that is not finite, are left out. Every trial is run again
with the same seeds: trials are compared seed by seed.
"""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.front import Direction, non_dominated
from study.measured import mean_and_error

RESAMPLES = 1_000
Runs: TypeAlias = dict[str, dict[int, npt.NDArray[np.float64]]]
"""Of each trial, in the front's order, the objectives [k] by seed."""


def with_error_bars(front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]) -> pd.DataFrame:
    """Add what the re-runs say to every trial of a front.

    ``<objective>_mean``; ``<objective>_se`` = s/√n, empty with n < 2; ``n``, the complete re-runs of that trial; and
    ``pareto_probability``, the share of 1,000 bootstrap resamples in which no other trial dominates it, among the
    front's trials that have re-runs. A resample draws as many seeds as there are, with replacement, the same for all
    trials and objectives, and takes each trial's means over them; one that holds none of a trial's seeds does not count
    for that trial. The draws have a fixed seed. With one run they are all that run: a probability from few runs is too
    sure of itself.

    >>> front = pd.DataFrame({"trial_id": ["t000", "t001"], "recall_at_1": [60.0, 50.0]})
    >>> runs = pd.DataFrame({"replicate_of": "t000", "seed": [1, 2], "state": "COMPLETE", "recall_at_1": [55.0, 57.0]})
    >>> with_error_bars(front, runs, {"recall_at_1": "max"}).iloc[0].to_dict()
    {'trial_id': 't000', 'recall_at_1': 60.0, 'recall_at_1_mean': 56.0, 'recall_at_1_se': 1.0, 'n': 2,
     'pareto_probability': 1.0}
    """
    runs = runs_by_seed(front, replicates, objectives)
    added: dict[str, list[float] | list[int]] = {}
    for number, objective in enumerate(objectives):
        estimates = [mean_and_error([float(values[number]) for values in own.values()]) for own in runs.values()]
        added[f"{objective}_mean"] = [estimate.mean for estimate in estimates]
        added[f"{objective}_se"] = [estimate.error for estimate in estimates]
    added["n"] = [len(own) for own in runs.values()]
    probabilities = _pareto_probabilities({trial: own for trial, own in runs.items() if own}, objectives)
    added["pareto_probability"] = [probabilities.get(trial, float("nan")) for trial in runs]
    built: pd.DataFrame = front.copy().assign(**added)  # a table just read lies in hundreds of blocks; a copy in few
    return built


def runs_by_seed(front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]) -> Runs:
    """Return each trial's re-runs that count."""
    runs: Runs = {str(trial): {} for trial in front["trial_id"]}
    if not len(replicates):
        return runs
    complete = replicates[replicates["state"] == "COMPLETE"]
    values = complete[list(objectives)].to_numpy(dtype=np.float64)
    for trial, seed, own in zip(complete["replicate_of"].astype(str), complete["seed"], values, strict=True):
        if trial in runs and np.isfinite(own).all():
            runs[trial][int(seed)] = own
    return runs


def _pareto_probabilities(runs: Runs, objectives: Mapping[str, Direction]) -> dict[str, float]:
    """Give the share of resamples in which each trial stays on the front."""
    if not runs:
        return {}
    seeds = sorted({seed for own in runs.values() for seed in own})
    drawn = np.random.default_rng(0).integers(len(seeds), size=(RESAMPLES, len(seeds)))
    times = (drawn[:, :, None] == np.arange(len(seeds))).sum(axis=1)  # [resamples, seeds]
    # [trials, seeds, k]; what was not run weighs nothing.
    values = np.array([[own.get(seed, np.zeros(len(objectives))) for seed in seeds] for own in runs.values()])
    weights = times * np.array([[seed in own for seed in seeds] for own in runs.values()])[:, None]
    count = weights.sum(axis=2)  # [trials, resamples]
    means = np.where(count[..., None] > 0, weights @ values / np.maximum(count, 1)[..., None], np.nan)
    directions = list(objectives.values())
    stays = np.stack([non_dominated(means[:, b], directions) for b in range(RESAMPLES)])
    shares = stays.sum(axis=0) / (count > 0).sum(axis=1)
    return dict(zip(runs, shares.tolist(), strict=True))
