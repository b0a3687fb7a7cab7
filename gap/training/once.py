"""What a process makes once and every later run in it uses again: the base model, its figures, tokenised captions."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

T = TypeVar("T")
_MADE: dict[Hashable, Any] = {}


def once(key: Hashable, make: Callable[[], T]) -> T:
    """Give what ``make`` gave the first time in this process for ``key``; nobody may change it.

    ``key`` has to name what is made and all that it depends on.

    >>> once(("tiny", "doctest"), lambda: {"modality_gap": 1.0})
    {'modality_gap': 1.0}
    >>> once(("tiny", "doctest"), lambda: {"modality_gap": 2.0})
    {'modality_gap': 1.0}
    """
    if key not in _MADE:
        _MADE[key] = make()
    value: T = _MADE[key]
    return value
