"""Which ids of ARASAAC's records are taken: file names and addresses are made of them."""

from typing import Any

_END = 10**9  # ARASAAC's are below 100,000


def usable_id(value: Any) -> int | None:
    """Give the id if it is an integer from 0 to 10⁹ - 1, else None: text, truth values and fractions are no ids.

    >>> [usable_id(value) for value in (2349, "../../x", 1e99, 2.0, -1, True, 10**30, None)]
    [2349, None, None, None, None, None, None, None]
    """
    return value if type(value) is int and 0 <= value < _END else None
