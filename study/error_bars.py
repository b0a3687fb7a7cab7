"""How sure a front is, from re-runs of its trials with other seeds.

The search's own run of a trial counts for nothing here. It stands on the front because it did well, by merit or by
luck, and would pull every mean towards its luck (the winner's curse). Re-runs were not chosen by their outcome.

``replicates`` has a row a re-run: ``replicate_of``, the trial that it repeats, ``state``, and the objectives. Runs that
are not complete, or have an objective that is not finite, are left out.
"""

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.front import Direction, non_dominated
from study.measured import mean_and_error
from study.welch import welch

RESAMPLES = 1_000
LEVEL = 0.05


def with_error_bars(front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]) -> pd.DataFrame:
    """Add what the re-runs say to every trial of a front.

    ``<objective>_mean``; ``<objective>_se`` = s/√n, empty with n < 2; ``n``, the complete re-runs of that trial; and
    ``pareto_probability``, the share of 1,000 bootstrap resamples in which no other trial dominates it, among the
    front's trials that have re-runs. A resample draws n runs of each trial with replacement, all objectives of a run
    together, and takes their means. The draws have a fixed seed. With one run they are all that run: a probability from
    few runs is too sure of itself.

    >>> front = pd.DataFrame({"trial_id": ["t000", "t001"], "recall_at_1": [60.0, 50.0]})
    >>> runs = pd.DataFrame({"replicate_of": "t000", "state": "COMPLETE", "recall_at_1": [55.0, 57.0]})
    >>> with_error_bars(front, runs, {"recall_at_1": "max"}).iloc[0].to_dict()
    {'trial_id': 't000', 'recall_at_1': 60.0, 'recall_at_1_mean': 56.0, 'recall_at_1_se': 1.0, 'n': 2,
     'pareto_probability': 1.0}
    """
    runs = _runs(front, replicates, objectives)
    added: dict[str, list[float] | list[int]] = {}
    for number, objective in enumerate(objectives):
        estimates = [mean_and_error(own[:, number].tolist()) for own in runs.values()]
        added[f"{objective}_mean"] = [estimate.mean for estimate in estimates]
        added[f"{objective}_se"] = [estimate.error for estimate in estimates]
    added["n"] = [len(own) for own in runs.values()]
    probabilities = _pareto_probabilities({trial: own for trial, own in runs.items() if len(own)}, objectives)
    added["pareto_probability"] = [probabilities.get(trial, float("nan")) for trial in runs]
    built: pd.DataFrame = front.copy().assign(**added)  # a table just read lies in hundreds of blocks; a copy in few
    return built


def indistinguishable(
    front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]
) -> list[tuple[str, str]]:
    """List neighbours on the front, ordered by the first objective, that their re-runs do not tell apart.

    Welch's t-test of their re-runs in each objective, Holm's correction over the objectives of the pair, finds no
    difference at 5 % in any. That is no proof that they are equal: with few runs only large differences are found.
    Pairs of which one trial has less than two re-runs cannot be judged and are not in the list.

    >>> front = pd.DataFrame({"trial_id": ["t000", "t001", "t002"], "recall_at_1": [60.0, 59.0, 50.0]})
    >>> runs = pd.DataFrame({"replicate_of": ["t000", "t000", "t001", "t001", "t002"], "state": "COMPLETE",
    ...                      "recall_at_1": [56.0, 58.0, 57.0, 59.0, 50.0]})
    >>> indistinguishable(front, runs, {"recall_at_1": "max"})
    [('t000', 't001')]
    """
    first, direction = next(iter(objectives.items()))
    ordered = front.sort_values(first, ascending=direction == "min", kind="stable")
    runs = _runs(ordered, replicates, objectives)
    alike = []
    for one, other in pairwise(runs):
        if min(len(runs[one]), len(runs[other])) < 2:
            continue
        ps = [welch(runs[one][:, j], runs[other][:, j]).p_value for j in range(len(objectives))]
        # Holm rejects something exactly if it rejects the smallest of k p-values, which it holds against 5 %/k.
        if min(ps) > LEVEL / len(ps):
            alike.append((one, other))
    return alike


def _runs(
    front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]
) -> dict[str, npt.NDArray[np.float64]]:
    """Give each trial's re-runs that count, [n, k], in the front's order."""
    names = [str(trial) for trial in front["trial_id"]]
    if not len(replicates):
        return {name: np.empty((0, len(objectives))) for name in names}
    complete = replicates[replicates["state"] == "COMPLETE"]
    values = complete[list(objectives)].to_numpy(dtype=np.float64)
    finite = np.isfinite(values).all(axis=1)
    repeated = complete["replicate_of"].astype(str).to_numpy()
    return {name: values[finite & (repeated == name)] for name in names}


def _pareto_probabilities(
    runs: Mapping[str, npt.NDArray[np.float64]], objectives: Mapping[str, Direction]
) -> dict[str, float]:
    """Give the share of resamples in which each trial stays on the front."""
    if not runs:
        return {}
    generator = np.random.default_rng(0)
    # [trials, resamples, k]
    means = np.stack(
        [own[generator.integers(len(own), size=(RESAMPLES, len(own)))].mean(axis=1) for own in runs.values()]
    )
    directions = list(objectives.values())
    stays = np.stack([non_dominated(means[:, b], directions) for b in range(RESAMPLES)])
    return dict(zip(runs, stays.mean(axis=0).tolist(), strict=True))
