"""Conditions on metrics, as people write them: ``recall_at_10 >= 70``."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from gap.errors import UserError, unknown

Operator = Literal[">=", "<=", ">", "<"]
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|>|<)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")
_JOINT = re.compile(r",|\s+and\s+")


@dataclass(frozen=True)
class Condition:
    """A bound on one metric.

    >>> str(Condition("recall_at_10", ">=", 70.0))
    'recall_at_10 >= 70'
    """

    metric: str
    operator: Operator
    bound: float

    def __str__(self) -> str:
        return f"{self.metric} {self.operator} {repr(self.bound).removesuffix('.0')}"

    def holds(self, value: float) -> bool:
        """Say whether ``value`` satisfies the condition; NaN satisfies none.

        >>> one = Condition("recall_at_10", ">=", 70.0)
        >>> one.holds(70.0), one.holds(69.9), one.holds(float("nan"))
        (True, False, False)
        """
        return self.violation(value) <= 0

    def violation(self, value: float) -> float:
        """Measure by how much ``value`` breaks the condition, as Optuna's constraints do: ≤ 0 if it holds.

        bound − value for ``>=`` and ``>``, value − bound for ``<=`` and ``<``. On the bound of a strict one it is the
        bound's own rounding step, as 0 would count as satisfied. NaN breaks every condition by ∞.

        >>> Condition("recall_at_10", ">=", 70.0).violation(65.0), Condition("modality_gap", "<", 0.5).violation(0.25)
        (5.0, -0.25)
        """
        if math.isnan(value):
            return math.inf
        excess = float(self.bound - value if self.operator in (">=", ">") else value - self.bound)
        strict = self.operator in (">", "<")
        return math.ulp(self.bound) if strict and excess == 0 else excess


def all_hold(conditions: Iterable[Condition], values: Mapping[Any, float]) -> bool:
    """Say whether ``values`` satisfy every condition.

    >>> all_hold([Condition("recall_at_10", ">=", 70.0)], {"recall_at_10": 71.0, "modality_gap": 0.5})
    True
    """
    return all(condition.holds(values[condition.metric]) for condition in conditions)


def parse_condition(text: str, allowed: Iterable[str]) -> Condition:
    """Read one condition, ``<metric> >= <number>`` or with ``<=``, ``>``, ``<``; spaces are optional.

    Raises ``UserError`` in one line if it is none, or its metric is not among ``allowed``.

    >>> parse_condition("modality_gap<=0.5", ["modality_gap"])
    Condition(metric='modality_gap', operator='<=', bound=0.5)
    """
    found = _CONDITION.fullmatch(text)
    bound = float(found[3]) if found else math.inf
    if found is None or not math.isfinite(bound):
        written = " ".join(text.split())
        raise UserError(f"expected a condition such as 'recall_at_10 >= 70' (>=, <=, > or <), got '{written}'")
    if found[1] not in (names := list(allowed)):
        raise unknown("metric", found[1], names)
    return Condition(found[1], cast("Operator", found[2]), bound)


def parse_conditions(text: str, allowed: Iterable[str]) -> tuple[Condition, ...]:
    """Read conditions joined by ``,`` or ``and``, all of which are to hold. Raises as ``parse_condition`` does.

    >>> [str(one) for one in parse_conditions("recall_at_1 > 50 and modality_gap<0.4", ["recall_at_1", "modality_gap"])]
    ['recall_at_1 > 50', 'modality_gap < 0.4']
    """
    names = list(allowed)
    return tuple(parse_condition(part, names) for part in _JOINT.split(text))
