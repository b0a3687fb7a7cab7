"""The model before training, measured once in a process: every run of a study starts from it."""

from collections.abc import Callable, Hashable

_MEASURED: dict[Hashable, dict[str, float]] = {}


def measured_once(key: Hashable, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Give the metrics that ``measure`` gave the first time in this process for ``key``.

    ``key`` has to name all that the metrics depend on.

    >>> measured_once(("tiny", "doctest"), lambda: {"modality_gap": 1.0})
    {'modality_gap': 1.0}
    >>> measured_once(("tiny", "doctest"), lambda: {"modality_gap": 2.0})
    {'modality_gap': 1.0}
    """
    if key not in _MEASURED:
        _MEASURED[key] = measure()
    return dict(_MEASURED[key])
