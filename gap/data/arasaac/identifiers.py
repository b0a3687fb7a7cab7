"""Which ids of ARASAAC's records are taken: file names and addresses are made of them."""

from collections.abc import Iterable
from typing import Any

from gap.data.records import Skipped

_END = 10**9  # ARASAAC's are below 100,000


def usable_id(value: Any) -> int | None:
    """Give the id if it is an integer from 0 to 10⁹ - 1, else None: text, truth values and fractions are no ids.

    >>> [usable_id(value) for value in (2349, "../../x", 1e99, 2.0, -1, True, 10**30, None)]
    [2349, None, None, None, None, None, None, None]
    """
    return value if type(value) is int and 0 <= value < _END else None


def by_id(entries: Iterable[Any]) -> tuple[dict[int, dict[str, Any]], list[Skipped]]:
    """Map every usable id to the first record that has it, in the order of the file; the others are skipped.

    >>> by_id([{"_id": 7}, {"_id": 7}, {}, None])[0]
    {7: {'_id': 7}}
    """
    found: dict[int, dict[str, Any]] = {}
    skipped: list[Skipped] = []
    for position, entry in enumerate(entries):
        identifier = usable_id(entry.get("_id")) if isinstance(entry, dict) else None
        if identifier is None:
            skipped.append(Skipped(f"record {position}", "no usable _id"))
        elif identifier in found:
            skipped.append(Skipped(str(identifier), "the id occurs twice"))
        else:
            found[identifier] = entry
    return found, skipped
