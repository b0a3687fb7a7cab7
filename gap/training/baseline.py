"""The model before training, measured once in a process: every run of a study starts from it."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
_MEASURED: dict[Hashable, Any] = {}


def measured_once(key: Hashable, measure: Callable[[], T]) -> T:
    """Give what ``measure`` gave the first time in this process for ``key``; nobody may change it.

    ``key`` has to name what is measured and all that it depends on.

    >>> measured_once(("tiny", "doctest"), lambda: {"modality_gap": 1.0})
    {'modality_gap': 1.0}
    >>> measured_once(("tiny", "doctest"), lambda: {"modality_gap": 2.0})
    {'modality_gap': 1.0}
    """
    if key not in _MEASURED:
        _MEASURED[key] = measure()
    value: T = _MEASURED[key]
    return value
