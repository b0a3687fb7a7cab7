"""A total order of objective vectors: fronts first, then spread.

Non-dominated sorting gives fronts, and any two vectors on one front are incomparable. Within a front they stand in the
order of an epsilon-net: one after another, the vector farthest from all that stand already. A short head of the order
is then spread over the front instead of crowding one end of it.
"""

from collections.abc import Sequence

import moocore
import numpy as np
import numpy.typing as npt

from study.front import Direction


def pareto_order(values: npt.NDArray[np.float64], directions: Sequence[Direction]) -> npt.NDArray[np.int_]:
    """Order the rows of ``values`` [n, k], best first; returns their indices [n].

    A row never stands before one that dominates it. Rows of one front stand in the order of ``epsilon_net`` on the
    objectives scaled to [0, 1] over all n rows, beginning with the best in the first objective. Whatever is equal
    after that stands in the order of the rows.

    Signs flip here and nowhere else: inside, smaller is better in every column. Raises ValueError for a value that is
    not finite and for a number of columns that is not the number of directions.

    Source: Schmucker et al. 2021, "Multi-objective Asynchronous Successive Halving", arXiv 2106.12639 (EpsNet).

    >>> pareto_order(np.array([[40.0, 0.9], [50.0, 0.9], [49.0, 0.8], [30.0, 0.2]]), ["max", "min"])
    array([1, 3, 2, 0])
    """
    if values.ndim != 2 or values.shape[1] != len(directions):
        raise ValueError(f"expected values [n, {len(directions)}], one column an objective, got {list(values.shape)}")
    if not np.isfinite(values).all():
        raise ValueError(f"expected finite values, got {values[~np.isfinite(values).all(axis=1)].tolist()}")
    costs = values * np.array([-1.0 if direction == "max" else 1.0 for direction in directions])
    if not len(costs):
        return np.empty(0, dtype=np.int_)
    ranks = np.asarray(moocore.pareto_rank(costs))
    scaled = unit_scaled(costs)
    fronts = (np.flatnonzero(ranks == rank) for rank in np.unique(ranks))
    return np.concatenate([front[epsilon_net(scaled[front], int(costs[front, 0].argmin()))] for front in fronts])


def epsilon_net(points: npt.NDArray[np.float64], first: int) -> npt.NDArray[np.int_]:
    """Order ``points`` [n, k] farthest first from the point ``first``; returns their indices [n].

    The next point is argmax_i min_{j chosen} ||points_i - points_j||_2, the earliest row where several are as far.

    Source: Clarkson 2006, "Nearest-Neighbor Searching and Metric Space Dimensions" (greedy construction of a net).

    >>> epsilon_net(np.array([[0.0], [0.1], [1.0], [0.6]]), 0)
    array([0, 2, 3, 1])
    """
    order = [first]
    nearest = np.full(len(points), np.inf)
    while len(order) < len(points):
        nearest = np.minimum(nearest, np.linalg.norm(points - points[order[-1]], axis=1))
        nearest[order] = -1.0  # below every distance: an equal point, at distance 0, still comes before a chosen one
        order.append(int(nearest.argmax()))
    return np.array(order, dtype=np.int_)


def unit_scaled(costs: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Scale each column of ``costs`` [n, k] to [0, 1]; a constant column becomes 0, for it separates no rows.

    >>> unit_scaled(np.array([[2.0, 7.0], [4.0, 7.0], [3.0, 7.0]])).tolist()
    [[0.0, 0.0], [1.0, 0.0], [0.5, 0.0]]
    """
    halves = costs / 2  # the difference of two finite halves is finite
    lowest = halves.min(axis=0)
    spread = halves.max(axis=0) - lowest
    scaled: npt.NDArray[np.float64] = (halves - lowest) / np.where(spread > 0, spread, 1.0)
    return scaled
