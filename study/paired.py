"""Two configurations that were run with the same seeds, compared seed by seed.

Runs with one seed share their batches, and what else the seed draws. What that does to both is not in their difference,
so a few pairs tell more than as many runs of either by themselves.
"""

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import stats


@dataclass(frozen=True)
class Paired:
    """The mean over ``n`` seeds of first − second, its standard error, its 95 % interval, and the t-test's p-value.

    With one seed the mean is that seed's difference and the rest NaN; without one, all are NaN.
    """

    mean: float
    error: float
    low: float
    high: float
    p_value: float
    n: int

    @property
    def how(self) -> str:
        """The comparison in words."""
        return f"paired over {self.n} seed{'' if self.n == 1 else 's'}"


def paired(first: Mapping[Any, float], second: Mapping[Any, float]) -> Paired:
    """Compare two configurations' values, each by seed; a seed of one alone, or with a value not finite, is dropped.

    scipy's ``ttest_rel`` (Student 1908). Where all differences are the same, the error is 0 and p is 1 if they are 0,
    else 0.

    >>> found = paired({1: 5.0, 2: 9.0, 3: 7.0}, {2: 8.0, 1: 2.0, 4: 7.0})
    >>> found.mean, found.error, found.how, round(found.p_value, 3)
    (2.0, 1.0, 'paired over 2 seeds', 0.295)
    """
    seeds = [seed for seed in first if seed in second and np.isfinite(first[seed]) and np.isfinite(second[seed])]
    one, other = (np.array([values[seed] for seed in seeds], dtype=np.float64) for values in (first, second))
    differences, n = one - other, len(seeds)
    mean = float(differences.mean()) if n else float("nan")
    if n < 2:
        unknown = float("nan")
        return Paired(mean, unknown, unknown, unknown, unknown, n)
    if (differences == differences[0]).all():
        value = float(differences[0])
        return Paired(value, 0.0, value, value, float(value == 0), n)
    with warnings.catch_warnings():
        # Of differences that are nearly the same: their spread has few exact digits, and no more are needed.
        warnings.filterwarnings("ignore", message="Precision loss", category=RuntimeWarning)
        found = stats.ttest_rel(one, other)
    interval = found.confidence_interval(0.95)
    error = float(stats.sem(differences))
    return Paired(mean, error, float(interval.low), float(interval.high), float(found.pvalue), n)
