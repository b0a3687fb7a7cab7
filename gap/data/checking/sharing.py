"""What several images share, and what of that stands on both sides of the split."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from gap.data.dataset import PairDataset
from gap.data.groups import connected_groups


@dataclass(frozen=True)
class Sharing:
    """Sets of two or more rows that have something in common; ``leaks`` are those with rows on both sides."""

    sets: list[list[int]]
    leaks: list[list[int]]

    @property
    def rows(self) -> int:
        """How many rows share it with another one."""
        return sum(map(len, self.sets))


def sharing(sets: Iterable[Sequence[int]], dataset: PairDataset) -> Sharing:
    """Keep the sets of two or more rows, by their first row, and find the leaks among them."""
    in_test = np.zeros(len(dataset.ids), dtype=bool)
    in_test[dataset.test] = True
    kept = sorted(sorted(rows) for rows in sets if len(rows) > 1)
    return Sharing(kept, [rows for rows in kept if 0 < in_test[rows].sum() < len(rows)])


def same(values: Sequence[Iterable[Hashable]]) -> list[list[int]]:
    """Bring together the rows that have a value in common; each value makes a set of its own.

    >>> same([["a"], ["b", "a"], ["b"], ["c"]])
    [[0, 1], [1, 2]]
    """
    found: dict[Hashable, list[int]] = {}
    for row, of_row in enumerate(values):
        for value in dict.fromkeys(of_row):
            found.setdefault(value, []).append(row)
    return [rows for rows in found.values() if len(rows) > 1]


def chained(pairs: Iterable[tuple[int, int]], count: int) -> list[list[int]]:
    """Bring together rows that pairs tie to each other, directly or through others.

    >>> chained([(0, 1), (1, 3)], 4)
    [[0, 1, 3]]
    """
    keys: list[list[int]] = [[] for _ in range(count)]
    for number, pair in enumerate(pairs):
        for row in pair:
            keys[row].append(number)
    sets: dict[int, list[int]] = {}
    for row, group in enumerate(connected_groups(keys)):
        sets.setdefault(group, []).append(row)
    return [rows for rows in sets.values() if len(rows) > 1]
