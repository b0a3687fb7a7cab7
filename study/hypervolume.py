"""How much a front improves on the model before training, in one number."""

import math
from collections.abc import Mapping, Sequence

import moocore
import numpy as np
import numpy.typing as npt

from gap.errors import UserError
from study.front import Direction


def reference_point(
    baseline: Mapping[str, float], objectives: Mapping[str, Direction], given: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Give the point that a front is measured from: the model before training, with ``given`` over it.

    Raises ``UserError`` for an objective of which neither gives a finite value.

    >>> reference_point({"recall_at_1": 40.0, "seconds": 0.5}, {"recall_at_1": "max", "seconds": "min"}, {"seconds": 9})
    {'recall_at_1': 40.0, 'seconds': 9.0}
    """
    values = {name: {**baseline, **(given or {})}.get(name) for name in objectives}
    for name, value in values.items():
        if value is None or not math.isfinite(value):
            raise UserError(
                f"no reference point for the hypervolume: the model before training has no finite {name}; give one in "
                "the space, as in `reference: {seconds: 600}`"
            )
    return {name: float(value) for name, value in values.items() if value is not None}


def hypervolume(values: npt.NDArray[np.float64], directions: Sequence[Direction], reference: Sequence[float]) -> float:
    """Measure the region that the rows of ``values`` [n, k] dominate and that dominates ``reference`` [k].

    volume of ∪ᵢ Πⱼ [rⱼ, vᵢⱼ], in the product of the objectives' units. A row that is not better than the reference in
    every objective adds nothing, nor does one with a value that is not finite; without rows it is 0.

    Raises ``ValueError`` if the shapes do not fit. Source: Zitzler & Thiele 1998, "Multiobjective optimization using
    evolutionary algorithms"; computed by moocore.

    >>> hypervolume(np.array([[50.0, 0.8], [45.0, 0.5], [60.0, 0.95]]), ["max", "min"], [40.0, 0.9])
    2.5
    """
    if values.ndim != 2 or values.shape[1] != len(directions) or len(reference) != len(directions):
        raise ValueError(
            f"expected values [n, {len(directions)}] and as many references, got {list(values.shape)} and "
            f"{len(reference)}"
        )
    finite = values[np.isfinite(values).all(axis=1)]
    if not len(finite):
        return 0.0
    maximise = [direction == "max" for direction in directions]
    return float(moocore.hypervolume(finite, ref=np.asarray(reference, dtype=np.float64), maximise=maximise))
