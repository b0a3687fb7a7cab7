"""What kind of trial each point of a front is."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from study.published import ROWS

THESIS, SEARCH, STOPPED, FAILED = "the thesis's combinations", "search", "stopped early", "failed"


def groups(trials: pd.DataFrame, spec: Mapping[str, Any]) -> list[str]:
    """Say of every trial whether it is one of the thesis's combinations, the search's own, stopped early or failed.

    One of the thesis's combinations is a complete trial at a point that ``spec["enqueue"]`` gives, of loss terms that
    the thesis has; a dimension that the point does not name is at its default.

    >>> spec = {"search": {"terms": {}, "rank": {"default": 8}}, "enqueue": [{"terms": "ce"}]}
    >>> trials = pd.DataFrame({"state": "COMPLETE", "terms": ["ce", "ce", "ce+align"], "rank": [8, 4, 8]})
    >>> groups(trials, spec)
    ["the thesis's combinations", 'search', 'search']
    """
    points, search = spec.get("enqueue") or [], spec.get("search") or {}
    return [_group(row, points, search) for row in trials.to_dict("records")]


def _group(row: Mapping[Any, Any], points: Sequence[Mapping[str, Any]], search: Mapping[str, Any]) -> str:
    if row["state"] != "COMPLETE":
        return STOPPED if row["state"] == "STOPPED" else FAILED
    thesis = {frozenset(terms.split("+")) for terms in ROWS.values() if terms}
    known = frozenset(str(row.get("terms", "")).split("+")) in thesis
    return THESIS if known and any(_is_at(row, point, search) for point in points) else SEARCH


def _is_at(row: Mapping[Any, Any], point: Mapping[str, Any], search: Mapping[str, Any]) -> bool:
    defaults = {name: (dimension or {}).get("default") for name, dimension in search.items()}
    wanted = {name: value for name, value in {**defaults, **point}.items() if value is not None}
    # An empty dimension is one that the trial's terms have no use for.
    return all(pd.isna(row.get(name)) or row[name] == value for name, value in wanted.items())
