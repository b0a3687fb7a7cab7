"""Which trials no other trial beats.

A trial dominates another when it is at least as good in every objective and better in one. The front is every trial
that nothing dominates; trials with equal values stand on it together.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import moocore
import numpy as np
import numpy.typing as npt
import pandas as pd

from study.conditions import Condition, all_hold

Direction = Literal["max", "min"]


def non_dominated(values: npt.NDArray[np.float64], directions: Sequence[Direction]) -> npt.NDArray[np.bool_]:
    """Mark the rows of ``values`` [n, k] that no other row dominates.

    Signs flip here and nowhere else: inside, smaller is better in every column. A row with a value that is not
    finite is never on the front and dominates nothing. Computed by moocore, in O(n log n) up to three objectives.

    >>> non_dominated(np.array([[40.0, 0.9], [50.0, 0.9], [30.0, 0.2]]), ["max", "min"])
    array([False,  True,  True])
    """
    if values.ndim != 2 or values.shape[1] != len(directions):
        raise ValueError(f"expected values [n, {len(directions)}], one column an objective, got {list(values.shape)}")
    costs = values * np.array([-1.0 if direction == "max" else 1.0 for direction in directions])
    finite = np.isfinite(costs).all(axis=1)
    front: npt.NDArray[np.bool_] = finite.copy()
    if finite.any():
        front[finite] = moocore.is_nondominated(costs[finite], keep_weakly=True)
    return front


def pareto_front(
    trials: pd.DataFrame, objectives: Mapping[str, Direction], constraints: Sequence[Condition] = ()
) -> pd.DataFrame:
    """Select the non-dominated rows of ``trials`` among those that are complete, sorted by the first objective.

    Best first. ``trials`` has a column ``state`` and one for each objective. A trial that breaks one of the
    ``constraints`` is neither on the front nor keeps another from it.
    """
    holds = [all_hold(constraints, row) for row in trials.to_dict("records")]
    complete = trials[(trials["state"] == "COMPLETE") & np.array(holds, dtype=bool)]
    values = complete[list(objectives)].to_numpy(dtype=np.float64)
    front = complete[non_dominated(values, list(objectives.values()))]
    first, direction = next(iter(objectives.items()))
    ordered: pd.DataFrame = front.sort_values(first, ascending=direction == "min", kind="stable", ignore_index=True)
    return ordered
