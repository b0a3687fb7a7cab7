"""Metrics of a held-out split as it grows, and against simpler ways to the same numbers."""

import time
from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from benchmarks.data_growth import exponent
from benchmarks.isolated import isolated
from benchmarks.memory import peak
from benchmarks.metrics import PEER_ROWS, gram_cka, pairs
from benchmarks.rows import Row, ratio_row, single_row
from gap.metrics import evaluate, linear_cka, min_cosine, retrieval, uniformity
from gap.metrics.retrieval import best_ranks

DIMENSIONS, ROUNDS = 64, 5
SIZES = (5_000, 25_000)
LARGE, QUERIES = 100_000, 2_000  # all pairs of 100,000 would take minutes a round: so many queries instead
Name = TypeVar("Name", int, str)


def metrics(
    sizes: tuple[int, int] = SIZES,
    large: int = LARGE,
    *,
    queries: int = QUERIES,
    rounds: int = ROUNDS,
    peer_rows: int = PEER_ROWS,
) -> list[Row]:
    """Time all metrics and retrieval as N grows, their memory, and parts against plain ways to the same numbers."""
    return [
        growing("all metrics", sizes, whole, rounds),
        growing(f"retrieval of {queries:,} texts and images", (sizes[1], large), lambda n: some(n, queries), rounds),
        memory_row(sizes[1]),
        *peers(rounds, peer_rows),
    ]


def whole(n: int) -> Callable[[], object]:
    """Make what measures everything on n pairs."""
    x, y, index = pairs(n, 1, DIMENSIONS)
    return lambda: evaluate(x, y, image_of_text=index, caption_ids=index, base=(x, y))


def some(n: int, queries: int) -> Callable[[], object]:
    """Make what ranks n images for the first texts, and n texts for the first images."""
    x, y, _ = pairs(n, 1, DIMENSIONS)
    right = list(np.arange(queries)[:, None])
    return lambda: (best_ranks(y[:queries], x, right), best_ranks(x[:queries], y, right))


def growing(name: str, sizes: tuple[int, int], make: Callable[[int], Callable[[], object]], rounds: int) -> Row:
    """Give the time at the larger size over that at the smaller; the exponent is in the note."""
    seconds = in_turn({n: make(n) for n in sizes}, rounds)
    small, large = (seconds[n] for n in sizes)
    start, end = float(np.median(small)), float(np.median(large))
    note = f"d = {DIMENSIONS}; {start:.2f} -> {end:.2f} s, exponent {exponent(sizes, [start, end]):.2f} in N"
    return ratio_row(f"{name}, N = {sizes[1]:,}", f"N = {sizes[0]:,}", large, small, note)


def memory_row(n: int) -> Row:
    """Give the peak memory of all metrics over that of one N×N matrix in fp32."""
    with isolated(["benchmarks.sections.metrics"]) as run:
        own = run(peak_gb, n)
    matrix = 4 * n**2 / 1e9
    note = f"{own:.2f} and {matrix:.2f} GB, growth of ru_maxrss; d = {DIMENSIONS}"
    return single_row(f"peak memory of all metrics, N = {n:,}", "one N×N matrix", own / matrix, note)


def peak_gb(n: int) -> float:
    """Measure all metrics in this process; gives the growth of its peak memory, the features not counted."""
    work = whole(n)
    with peak() as memory:
        work()
    return memory.resident_gb


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
    """Rank each query's own answer by sorting all: no ties, no equal captions.

    >>> sorted_ranks(torch.tensor([[0.5, 0.9], [0.1, 0.2]])).tolist()
    [2, 1]
    """
    order = scores.argsort(dim=1, descending=True)
    return (order == torch.arange(len(scores))[:, None]).int().argmax(dim=1) + 1


def pdist_potential(features: Tensor) -> Tensor:
    """Give the log mean potential from all distances at once."""
    return torch.pdist(features).square().mul(-2).exp().mean().log()


def in_turn(work: Mapping[Name, Callable[[], object]], rounds: int) -> dict[Name, list[float]]:
    """Time every piece of work once a round, the first warmed up before; seconds by piece."""
    seconds: dict[Name, list[float]] = {name: [] for name in work}
    next(iter(work.values()))()
    for _ in range(rounds):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            seconds[name].append(time.perf_counter() - began)
    return seconds
