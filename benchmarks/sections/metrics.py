"""Metrics of a held-out split as it grows, and against simpler ways to the same numbers."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from benchmarks.data_growth import exponent
from benchmarks.metrics import PEER_ROWS, gram_cka, pairs
from benchmarks.rows import Row, ratio_row
from gap.metrics import evaluate, linear_cka, min_cosine, retrieval, uniformity

DIMENSIONS, ROUNDS = 64, 5
SIZES, LARGE = (5_000, 25_000), 100_000
Name = TypeVar("Name", int, str)


def metrics(
    sizes: Sequence[int] = SIZES, large: int | None = LARGE, rounds: int = ROUNDS, peer_rows: int = PEER_ROWS
) -> list[Row]:
    """Time all metrics at growing sizes, and the parts that have a simpler peer beside it."""
    return [*scaling(sizes, large, rounds), *peers(rounds, peer_rows)]


def whole(n: int) -> Callable[[], object]:
    """Make what measures everything on n pairs."""
    x, y, index = pairs(n, 1, DIMENSIONS)
    return lambda: evaluate(x, y, image_of_text=index, caption_ids=index, base=(x, y))


def scaling(sizes: Sequence[int], large: int | None, rounds: int) -> list[Row]:
    """Give the time of all metrics at every size over the smallest's; the exponent is in the note."""
    work = {n: whole(n) for n in sizes}
    seconds = in_turn(work, rounds)
    first = sizes[0]
    rows = [_row(n, seconds[n], first, seconds[first]) for n in sizes[1:]]
    if large is not None:
        once = in_turn({large: whole(large)}, 1)[large]
        rows.append(_row(large, once * rounds, sizes[-1], seconds[sizes[-1]], f"measured once at {large:,}"))
    return rows


def _row(n: int, ours: list[float], first: int, theirs: list[float], more: str = "") -> Row:
    middle, start = float(np.median(ours)), float(np.median(theirs))
    slope = exponent([first, n], [start, middle])
    note = f"d = {DIMENSIONS}; {start:.2f} -> {middle:.2f} s, exponent {slope:.2f}{'; ' * bool(more)}{more}"
    return ratio_row(f"all metrics, N = {n:,}", f"N = {first:,}", ours, theirs, note)


def peers(rounds: int, rows: int) -> list[Row]:
    """Compare parts with the plain way that holds an N×N matrix."""
    x, y, index = pairs(rows, 1, DIMENSIONS)
    made = []
    for name, peer, ours, theirs in (
        (
            "retrieval, all protocols",
            "full gallery alone, sorted",
            lambda: retrieval(x, y, image_of_text=index, caption_ids=index),
            lambda: (sorted_ranks(x @ y.T), sorted_ranks(y @ x.T)),
        ),
        ("uniformity", "torch.pdist", lambda: uniformity(x, y), lambda: (pdist_potential(x), pdist_potential(y))),
        ("smallest cosine", "N×N matrix", lambda: min_cosine(x), lambda: (x @ x.T).fill_diagonal_(1).min()),
        ("linear CKA", "N×N Gram matrices", lambda: linear_cka(x, y), lambda: gram_cka(x, y)),
    ):
        seconds = in_turn({"ours": ours, "theirs": theirs}, rounds)
        note = f"N = {rows:,}, d = {DIMENSIONS}; {np.median(seconds['ours']):.3f} s"
        made.append(ratio_row(name, peer, seconds["ours"], seconds["theirs"], note))
    return made


def sorted_ranks(scores: Tensor) -> Tensor:
    """Rank each query's own answer by sorting all: no ties, no equal captions."""
    order = scores.argsort(dim=1, descending=True)
    return (order == torch.arange(len(scores))[:, None]).int().argmax(dim=1) + 1


def pdist_potential(features: Tensor) -> Tensor:
    """Give the log mean potential from all distances at once."""
    return torch.pdist(features).square().mul(-2).exp().mean().log()


def in_turn(work: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, list[float]]:
    """Time every piece of work once a round, after one round that does not count; seconds by piece."""
    seconds: dict[Name, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1 if rounds > 1 else 1):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            if number or rounds == 1:
                seconds[name].append(time.perf_counter() - began)
    return seconds
