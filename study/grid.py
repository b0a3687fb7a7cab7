"""Every point of a space whose dimensions can be counted."""

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from gap.errors import UserError
from study.distributions import Choices, Dimension

MOST_POINTS = 10_000


def grid_points(search: Mapping[str, Dimension], *, terms: str, seed: int) -> list[dict[str, Any]]:
    """List the distinct trials of a grid in an order that ``seed`` decides; a trial names only what it has a use for.

    ``terms`` are the loss terms where none are searched. Raises ``UserError`` if a dimension has no countable values or
    there are too many points.

    >>> space = {"terms": Choices(choices=("ce", "ce+variance")), "beta": Choices(choices=(-1, 1), when="variance")}
    >>> len(grid_points(space, terms="ce", seed=0))
    3
    """
    values = {name: _values(name, dimension) for name, dimension in search.items()}
    if (size := int(np.prod([len(one) for one in values.values()], dtype=float))) > 100 * MOST_POINTS:
        raise UserError(f"sampler grid: {size:,} points are too many: expected at most {MOST_POINTS:,}")
    points: dict[tuple[tuple[str, Any], ...], None] = {}
    for point in itertools.product(*values.values()):
        named = dict(zip(values, point, strict=True))
        used = {name: v for name, v in named.items() if search[name].applies(str(named.get("terms", terms)))}
        points[tuple(used.items())] = None
    if len(points) > MOST_POINTS:
        raise UserError(f"sampler grid: {len(points):,} points are too many: expected at most {MOST_POINTS:,}")
    distinct = [dict(point) for point in points]
    return [distinct[i] for i in np.random.default_rng(seed).permutation(len(distinct))]


def _values(name: str, dimension: Dimension) -> list[Any]:
    if isinstance(dimension, Choices):
        return list(dimension.choices)
    if dimension.log or (dimension.type == "float" and dimension.step is None):
        raise UserError(f"sampler grid: {name} has no countable values: give it choices, or low, high and step")
    step = dimension.step or 1
    count = int((dimension.high - dimension.low) / step + 1e-9) + 1
    kind = int if dimension.type == "int" else float
    return [kind(dimension.low + i * step) for i in range(count)]
