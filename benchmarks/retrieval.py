"""Question: how long does one search among a million vectors take, exactly and with the index, and what does it miss?

Command: python -m benchmarks.retrieval             (a million vectors of 256 and of 768 numbers; 7 GB)
         python -m benchmarks.retrieval --vectors 100000 --widths 256
Expected: exact search takes no longer than FAISS's own, both read the whole gallery; the index takes a tenth to a third
of that and misses hardly any of the twelve nearest. benchmarks/README.md has the figures.

The vectors are random. Images lie in 5,000 clusters of unequal sizes inside one cone; a text is an image of the gallery
with something of its own, moved as far away as a CLIP's texts are from its images. Queries are texts, and images that
are not in the gallery. Real galleries may be harder or easier: what an index misses on yours, `--index` beside
`--no-index` of study/search.py shows. recall@12 is the share of the exact first twelve that the index finds.
"""

import argparse
import importlib
import os
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from statistics import median
from typing import Any

# torch and FAISS bring a pool of threads each; one that waits busily would take the other's core.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import numpy as np
import torch
from jaxtyping import Float
from rich.console import Console
from torch import Tensor
from torch.nn.functional import normalize

from benchmarks.rows import Row, make_table, ratio_row, single_row
from study.provenance import describe_hardware
from study.retrieval.index import build_index, propose
from study.retrieval.nearest import best_of, nearest

CLUSTERS, TOP, QUERIES, ROUNDS = 5_000, 12, 100, 25
CONE, SPREAD = 0.8, 0.8  # length of what all images share and of an image's own part, beside its cluster's 1
GAP, OWN = 0.8, 0.5  # between the modalities, and of a text's own part, beside unit vectors
BLOCK = 100_000


class World:
    """Images in clusters that lie in a cone, and texts across a gap from them."""

    def __init__(self, width: int, seed: int = 0) -> None:
        self._random = torch.Generator().manual_seed(seed)
        self._centres, self._cone, self._gap = (self._parts(n, width, 1.0) for n in (CLUSTERS, 1, 1))

    def images(self, n: int) -> Float[Tensor, "n d"]:
        """Draw unit vectors; low-numbered clusters have the most."""
        made = torch.empty(n, self._centres.shape[1])
        for part in made.split(BLOCK):
            clusters = (torch.rand(len(part), generator=self._random).square() * CLUSTERS).long()
            own = self._parts(*part.shape, SPREAD)
            part.copy_(normalize(own.add_(self._centres[clusters]).add_(CONE * self._cone), dim=1))
        return made

    def texts(self, images: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        """Draw a unit vector for each image."""
        return normalize(images + self._parts(*images.shape, OWN) + GAP * (self._gap - self._cone), dim=1)

    def _parts(self, n: int, width: int, length: float) -> Tensor:
        return torch.randn(n, width, generator=self._random).mul_(length / width**0.5)


def measure(n: int, width: int, *, rounds: int = ROUNDS, queries: int = QUERIES) -> list[Row]:
    """Measure one size of gallery; FAISS's flat index and ours take turns."""
    world = World(width)
    gallery = world.images(n)
    asked = {"texts": world.texts(gallery[:queries]), "images": world.images(queries)}
    began = time.perf_counter()
    index = build_index(gallery, watch=lambda what, steps: nullcontext(lambda: None))
    built = time.perf_counter() - began
    size = f"{n:,} x {width}"
    flat = importlib.import_module("faiss").IndexFlatIP(width)
    flat.add(gallery.numpy())
    ways: dict[str, Callable[[Tensor], Any]] = {
        "exact": lambda query: nearest(query, gallery, TOP),
        "index": lambda query: best_of(query, gallery, propose(index, query, TOP), TOP),
        "flat": lambda query: flat.search(query[None].numpy(), TOP),
    }
    seconds = in_turn(ways, asked["texts"][: rounds + 1])
    del flat, ways["flat"]
    missed = ", ".join(f"{recall(ways['index'], asked[name], gallery):.3f} for {name}" for name in asked)
    return [
        ratio_row(f"exact, {size}", "faiss.IndexFlatIP", seconds["exact"], seconds["flat"], in_words(seconds["exact"])),
        ratio_row(
            f"index, {size}",
            "exact",
            seconds["index"],
            seconds["exact"],
            f"{in_words(seconds['index'])}; recall@{TOP} {missed}",
        ),
        single_row(
            f"building the index, {size}",
            "one exact search",
            built / float(np.median(seconds["exact"])),
            f"{built:.0f} s",
        ),
    ]


def in_words(seconds: Sequence[float]) -> str:
    """Give the median and the 95th percentile in milliseconds.

    >>> in_words([0.01] * 20)
    'median 10.0 ms, 95th percentile 10.0 ms'
    """
    return f"median {1000 * median(seconds):.1f} ms, 95th percentile {1000 * np.quantile(seconds, 0.95):.1f} ms"


def in_turn(ways: dict[str, Callable[[Tensor], Any]], queries: Float[Tensor, "n d"]) -> dict[str, list[float]]:
    """Time every way on every query, the first query to warm up."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for query in queries:
        for name, ask in ways.items():
            began = time.perf_counter()
            ask(query)
            seconds[name].append(time.perf_counter() - began)
    return {name: taken[1:] for name, taken in seconds.items()}


def recall(find: Callable[[Tensor], Any], queries: Float[Tensor, "q d"], gallery: Float[Tensor, "n d"]) -> float:
    """Give the share of the first rows, by products of many queries at a time, that ``find`` finds as well."""
    found = 0
    for some in queries.split(25):
        for query, right in zip(some, (some @ gallery.T).topk(TOP, dim=1).indices.tolist(), strict=True):
            found += len(set(right) & set(find(query)[1].tolist()))
    return found / (TOP * len(queries))


def main(command: Sequence[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.retrieval", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--vectors", type=int, default=1_000_000, metavar="N", help="in the gallery (default: 1000000)")
    parser.add_argument("--widths", type=int, nargs="+", default=[256, 768], metavar="D", help="default: 256 768")
    parser.add_argument("--queries", type=int, default=QUERIES, help=f"for recall, of each kind (default: {QUERIES})")
    arguments = parser.parse_args(command)
    began, rows = time.perf_counter(), list[Row]()
    for width in arguments.widths:
        rows += measure(arguments.vectors, width, queries=arguments.queries)
    hardware = {**describe_hardware("cpu"), "threads": torch.get_num_threads()}
    described = ", ".join(f"{name} {value}" for name, value in hardware.items())
    console = Console(highlight=False, width=200)
    console.print(f"{described}, torch {torch.__version__}, {time.perf_counter() - began:.0f} s")
    console.print(make_table(rows))


if __name__ == "__main__":
    main()
