"""One split into training and test images, by whole group."""

import hashlib
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from jaxtyping import Int64

TEST_FRACTION = 0.2
SEED = 0


def split_groups(
    groups: Sequence[str | int] | pa.Array, *, test_fraction: float = TEST_FRACTION, seed: int = SEED
) -> tuple[Int64[np.ndarray, " train"], Int64[np.ndarray, " test"]]:
    """Split rows into training and test so that no group has rows in both.

    Groups are told apart by their text and put in the order of ``sha256(seed/name)``. Each goes to the test part
    unless that would take it beyond ``round(test_fraction * len(groups))`` rows; single rows fill the rest, so the
    target is met almost exactly. Both parts get at least one group (the smallest, if every group is too large).

    Returns the ascending row indices of the training part and of the test part.

    Raises ValueError when there are fewer than two groups, or ``test_fraction`` is not strictly between 0 and 1.

    >>> train, test = split_groups(["bee", "coat", "bee", "oil", "bee", "sun"], test_fraction=0.5)
    >>> train.tolist(), test.tolist()
    ([0, 2, 4], [1, 3, 5])
    """
    if not 0 < test_fraction < 1:
        raise ValueError(f"test_fraction: expected a number strictly between 0 and 1, got {test_fraction}")
    column = groups if isinstance(groups, pa.Array) else pa.array([str(group) for group in groups], pa.large_string())
    encoded = column.dictionary_encode()
    row_group, names = np.asarray(encoded.indices), encoded.dictionary
    if len(names) < 2:
        raise ValueError(f"a split needs at least 2 groups, got {len(names)} in {len(column)} rows")
    order, sizes = _order(names, seed), np.bincount(row_group)

    target = min(max(1, round(test_fraction * len(column))), len(column) - 1)
    chosen, taken = np.zeros(len(names), dtype=bool), 0
    for group in order.tolist():
        if taken + sizes[group] <= target:
            chosen[group] = True
            taken += int(sizes[group])
    if not taken:
        chosen[order[np.argmin(sizes[order])]] = True
    in_test = chosen[row_group]
    return np.flatnonzero(~in_test).astype(np.int64), np.flatnonzero(in_test).astype(np.int64)


def _order(names: pa.Array, seed: int) -> Int64[np.ndarray, " groups"]:
    """Shuffle the names by hash: the same on every platform, NumPy version and order of the rows."""
    hashes = np.empty(len(names), dtype="S32")
    for row in range(len(names)):
        hashes[row] = hashlib.sha256(f"{seed}/{names[row]}".encode()).digest()
    return np.argsort(hashes, kind="stable").astype(np.int64)
