"""How time and memory of an epoch grow with the training data."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from benchmarks.data_growth import SIZES, Cost, exponent, measure
from benchmarks.rows import Row

# Steps and memory of the process's own are what is asked for; the others say where the rest comes from.
PARTS: dict[str, tuple[Callable[[Cost], float | None], str, str]] = {
    "optimiser steps": (lambda cost: cost.train_seconds, "s", "linear: 1"),
    "reading, tokenising, evaluation": (lambda cost: cost.other_seconds, "s", "linear: 1"),
    "peak memory of its own": (lambda cost: cost.own_gb, "GB", "flat: 0"),
    "peak memory with mapped images": (lambda cost: cost.resident_gb, "GB", "flat: 0"),
}


def growth(sizes: Sequence[int] = SIZES) -> list[Row]:
    """Give the exponents with which an epoch's time and memory grow with its pairs."""
    return growth_rows(measure(sizes))


def growth_rows(costs: Sequence[Cost]) -> list[Row]:
    """Give the slope over all sizes for each part, with the least and the greatest slope from one size to the next."""
    span = f"{costs[0].pairs:,} to {costs[-1].pairs:,} pairs"
    rows = []
    for name, (read, unit, peer) in PARTS.items():
        points = [(cost.pairs, value) for cost in costs if (value := read(cost)) is not None]
        if len(points) < len(costs):
            continue  # this system does not tell
        slope = exponent(*zip(*points, strict=True))
        slopes = [slope, *(exponent(*zip(*two, strict=True)) for two in pairwise(points))]
        shown = " -> ".join(f"{value:.3g}" for _, value in points)
        note = f"exponent, one run of each size; low and high from size to size; {shown} {unit}"
        rows.append(Row(f"{name}, {span}", peer, slope, min(slopes), max(slopes), note))
    return rows
