"""One split into training and test images, by whole group."""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int64

TEST_FRACTION = 0.2
SEED = 0


def _order(groups: Sequence[str], seed: int) -> list[str]:
    """Shuffle the names by hash: the same on every platform, NumPy version and order of the rows."""
    return sorted(set(groups), key=lambda name: hashlib.sha256(f"{seed}/{name}".encode()).digest())


def split_groups(
    groups: Sequence[str | int], *, test_fraction: float = TEST_FRACTION, seed: int = SEED
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
    names = [str(group) for group in groups]
    order = _order(names, seed)
    if len(order) < 2:
        raise ValueError(f"a split needs at least 2 groups, got {len(order)} in {len(names)} rows")
    rows: dict[str, list[int]] = {name: [] for name in order}
    for row, name in enumerate(names):
        rows[name].append(row)

    target = max(1, round(test_fraction * len(names)))
    test: list[int] = []
    for name in order:
        if len(test) + len(rows[name]) <= min(target, len(names) - 1):
            test += rows[name]
    if not test:
        test = min(rows.values(), key=len)
    in_test = np.zeros(len(names), dtype=bool)
    in_test[test] = True
    return np.flatnonzero(~in_test).astype(np.int64), np.flatnonzero(in_test).astype(np.int64)
