"""Comparison of neighbours on a front by their re-runs."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from study.error_bars import runs_by_seed
from study.front import Direction
from study.paired import Paired, paired
from study.welch import welch

LEVEL = 0.05
RULE = "Paired t-test over the seeds in common, Welch's where there is none; Holm's correction over objectives; 5 %"


@dataclass(frozen=True)
class Neighbours:
    """Two trials next to each other; ``how`` says by what they were compared, or why they could not be.

    ``alike`` says whether no difference was found; None where they could not be compared.
    """

    one: str
    other: str
    how: str
    alike: bool | None


def neighbours(front: pd.DataFrame, replicates: pd.DataFrame, objectives: Mapping[str, Direction]) -> list[Neighbours]:
    """Compare neighbours on the front, ordered by the first objective, by their re-runs.

    Re-runs with one seed are a pair: a paired t-test in each objective, over the seeds that are in both, Holm's
    correction over the objectives. Two trials without a common seed are compared by Welch's t-test. They are alike if
    no difference is found at 5 % in any. That is no proof that they are equal: with few runs only large differences are
    found. With one common seed, or less than two runs of a trial, nothing can be said.

    >>> front = pd.DataFrame({"trial_id": ["t000", "t001", "t002"], "recall_at_1": [60.0, 59.0, 50.0]})
    >>> runs = pd.DataFrame({"replicate_of": ["t000", "t000", "t001", "t001", "t002"], "seed": [1, 2, 2, 1, 1],
    ...                      "state": "COMPLETE", "recall_at_1": [56.0, 58.0, 57.0, 59.0, 50.0]})
    >>> for found in neighbours(front, runs, {"recall_at_1": "max"}):
    ...     print(found)
    Neighbours(one='t000', other='t001', how='paired over 2 seeds', alike=True)
    Neighbours(one='t001', other='t002', how='1 seed in common', alike=None)
    """
    first, direction = next(iter(objectives.items()))
    ordered = front.sort_values(first, ascending=direction == "min", kind="stable")
    runs = runs_by_seed(ordered, replicates, objectives)
    return [_compared(one, other, runs[one], runs[other]) for one, other in pairwise(runs)]


def _compared(
    one: str, other: str, first: Mapping[int, npt.NDArray[np.float64]], second: Mapping[int, npt.NDArray[np.float64]]
) -> Neighbours:
    if min(len(first), len(second)) == 0:
        return Neighbours(one, other, "not re-run", None)
    k = len(next(iter(first.values())))
    pairs = [paired(_objective(first, j), _objective(second, j)) for j in range(k)]
    if pairs[0].n == 0 and min(len(first), len(second)) >= 2:
        ps = [welch([*_objective(first, j).values()], [*_objective(second, j).values()]).p_value for j in range(k)]
        how = f"Welch, {len(first)} and {len(second)} runs without a common seed"
    elif pairs[0].n < 2:
        return Neighbours(one, other, _too_few(pairs[0]), None)
    else:
        ps, how = [pair.p_value for pair in pairs], pairs[0].how
    # Holm rejects something exactly if it rejects the smallest of k p-values, which it holds against 5 %/k.
    return Neighbours(one, other, how, min(ps) > LEVEL / k)


def _objective(runs: Mapping[int, npt.NDArray[np.float64]], number: int) -> dict[int, float]:
    return {seed: float(values[number]) for seed, values in runs.items()}


def _too_few(pairs: Paired) -> str:
    return "1 seed in common" if pairs.n == 1 else "no seed in common, and one of them run once"
