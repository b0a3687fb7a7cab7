"""Connected components of rows that share a key."""

from collections.abc import Hashable, Iterable, Sequence


def connected_groups(keys: Sequence[Iterable[Hashable]]) -> list[int]:
    """Give every row the number of its group: rows that share a key, directly or through others, are one group.

    A group's number is its first row. Rows without keys stand alone.

    >>> connected_groups([["bee"], ["coat", "cloak"], ["cloak"], ["cape", "coat"], []])
    [0, 1, 1, 1, 4]
    """
    parent = list(range(len(keys)))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first_with: dict[Hashable, int] = {}
    for row, row_keys in enumerate(keys):
        for key in row_keys:
            one, other = root(first_with.setdefault(key, row)), root(row)
            parent[max(one, other)] = min(one, other)
    return [root(row) for row in range(len(keys))]
