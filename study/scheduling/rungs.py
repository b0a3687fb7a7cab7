"""Successive halving on vectors: what was recorded at each rung, and who goes on from it."""

import math
from collections.abc import Mapping, Sequence

import numpy as np

from study.front import Direction
from study.scheduling.ranking import pareto_order


class Rungs:
    """The rungs of asynchronous successive halving, the order of vectors in place of a metric's.

    The levels are the epochs ``round(grace_epochs * reduction_factor ** k)`` for k = 0, 1, ... below ``max_epochs``
    (halves round to even, equal ones count once). A trial at a level goes on when

        position <= ceil(n / reduction_factor)

    with n the number of trials recorded at the level so far and ``position`` (1 is best) its own among them by
    ``ranking.pareto_order``. A trial that is alone at a level goes on. Nobody waits for anybody: a trial is compared
    with those that came before it, so a decision depends on the order in which trials arrive, and is asked again from
    the records as they stand whenever a trial repeats the epoch.

    Source: Schmucker et al. 2021, arXiv 2106.12639; the rungs are those of Li et al. 2020, "A System for Massively
    Parallel Hyperparameter Tuning", arXiv 1810.05934, in the variant that stops a trial instead of pausing it.

    Raises ValueError for reduction_factor <= 1, grace_epochs < 1, max_epochs < 1 or no directions.

    >>> rungs = Rungs(["max", "min"], max_epochs=9, reduction_factor=2, grace_epochs=1)
    >>> rungs.levels
    (1, 2, 4, 8)
    >>> rungs.goes_on("t000", 1, [40.0, 0.9])  # alone
    True
    >>> rungs.goes_on("t001", 1, [30.0, 0.95])  # dominated: position 2 of 2
    False
    >>> rungs.goes_on("t002", 1, [20.0, 0.1])  # on the front: position 2 of 3
    True
    """

    def __init__(
        self, directions: Sequence[Direction], *, max_epochs: int, reduction_factor: float = 3.0, grace_epochs: int = 1
    ) -> None:
        if not directions:
            raise ValueError(f"expected a direction for each objective, got {list(directions)}")
        if not (reduction_factor > 1 and math.isfinite(reduction_factor)):
            raise ValueError(f"expected a finite reduction_factor > 1, got {reduction_factor}")
        if grace_epochs < 1 or max_epochs < 1:
            raise ValueError(f"expected at least one epoch, got grace_epochs {grace_epochs}, max_epochs {max_epochs}")
        self.directions = tuple(directions)
        self.reduction_factor = reduction_factor
        self.levels = levels(max_epochs, reduction_factor, grace_epochs)
        # Dictionaries keep the order of arrival, by which equal vectors are ranked.
        self._records: dict[int, dict[str, tuple[float, ...]]] = {level: {} for level in self.levels}

    @property
    def records(self) -> dict[int, dict[str, tuple[float, ...]]]:
        """The vectors at each level by trial, in the order of arrival; a copy."""
        return {level: dict(recorded) for level, recorded in self._records.items()}

    def record(self, trial: str, epoch: int, values: Sequence[float]) -> None:
        """Keep ``values`` [k] of a trial at a level.

        What a trial recorded first stays. An epoch that is no level, and a vector that is not finite, leave no trace.
        Raises ValueError for a number of values that is not the number of objectives.
        """
        if len(values) != len(self.directions):
            raise ValueError(f"expected {len(self.directions)} values, one an objective, got {list(values)}")
        if epoch in self._records and all(math.isfinite(value) for value in values):
            self._records[epoch].setdefault(trial, tuple(float(value) for value in values))

    def goes_on(self, trial: str, epoch: int, values: Sequence[float]) -> bool:
        """Record ``values`` [k] as ``record`` does, then tell whether the trial goes on by the rule of the class.

        A trial without a vector at the level is not judged and goes on.
        """
        self.record(trial, epoch, values)
        recorded = self._records.get(epoch, {})
        if trial not in recorded:
            return True
        order = pareto_order(np.array(list(recorded.values())), self.directions)
        position = 1 + [list(recorded)[row] for row in order].index(trial)
        return position <= math.ceil(len(recorded) / self.reduction_factor)

    def record_all(self, records: Mapping[int, Mapping[str, Sequence[float]]]) -> None:
        """Record what another ``Rungs`` holds in its ``records``, in that order."""
        for level, recorded in records.items():
            for trial, values in recorded.items():
                self.record(trial, level, values)


def levels(max_epochs: int, reduction_factor: float, grace_epochs: int) -> tuple[int, ...]:
    """Give the epochs at which trials are compared, see ``Rungs``.

    >>> levels(30, 3.0, 1), levels(4, 1.3, 2), levels(2, 3.0, 2)
    ((1, 3, 9, 27), (2, 3), ())
    """
    found: dict[int, None] = {}
    level = float(grace_epochs)
    k = 0
    while round(level) < max_epochs:
        found[round(level)] = None
        k += 1
        level = grace_epochs * reduction_factor**k
    return tuple(found)
