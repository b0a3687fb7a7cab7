"""Conditions: what can be written, what holds, by how much it does not."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.errors import UserError
from study.conditions import Condition, Operator, parse_condition, parse_conditions

NAMES = ["recall_at_1", "recall_at_10", "modality_gap"]
OPERATORS: tuple[Operator, ...] = (">=", "<=", ">", "<")
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize(
    ("text", "metric", "operator", "bound"),
    [
        ("recall_at_10 >= 70", "recall_at_10", ">=", 70.0),
        ("recall_at_10>=70.", "recall_at_10", ">=", 70.0),
        ("  modality_gap  <  .5 ", "modality_gap", "<", 0.5),
        ("modality_gap<=-1.5e-3", "modality_gap", "<=", -0.0015),
        ("recall_at_1 > +2E1", "recall_at_1", ">", 20.0),
    ],
)
def test_what_can_be_written(text: str, metric: str, operator: Operator, bound: float) -> None:
    assert parse_condition(text, NAMES) == Condition(metric, operator, bound)


@pytest.mark.parametrize(
    "text", ["", "recall_at_1", "recall_at_1 = 50", "recall_at_1 == 50", ">= 50", "recall_at_1 >= ", "50 <= mrr",
             "recall_at_1 >= nan", "recall_at_1 >= inf", "recall_at_1 >= 1e999", "recall_at_1 >= 50 %", "a\nb >= c"],
)  # fmt: skip
def test_what_is_none(text: str) -> None:
    with pytest.raises(UserError, match="expected a condition such as") as caught:
        parse_condition(text, NAMES)
    assert "\n" not in str(caught.value)


def test_an_unknown_metric_names_the_nearest() -> None:
    with pytest.raises(UserError, match="unknown metric 'recal_at_1': did you mean 'recall_at_1'") as caught:
        parse_conditions("modality_gap < 1, recal_at_1 >= 50", NAMES)
    assert all(name in str(caught.value) for name in NAMES)


@pytest.mark.parametrize("joint", [",", " , ", " and ", "  and\t"])
def test_several_are_joined(joint: str) -> None:
    parts = ["recall_at_1 >= 50", "modality_gap<0.4", "recall_at_10 > 1"]
    assert parse_conditions(joint.join(parts), NAMES) == tuple(parse_condition(part, NAMES) for part in parts)


def test_a_joint_without_a_condition_is_an_error() -> None:
    for text in ("recall_at_1 >= 50,", "recall_at_1 >= 50 and "):
        with pytest.raises(UserError, match="expected a condition"):
            parse_conditions(text, NAMES)


@given(operator=st.sampled_from(OPERATORS), bound=FINITE)
def test_what_is_printed_reads_back(operator: Operator, bound: float) -> None:
    condition = Condition("modality_gap", operator, bound)
    assert parse_condition(str(condition), NAMES) == condition


@given(operator=st.sampled_from(OPERATORS), bound=FINITE, value=st.floats(allow_nan=False))
def test_it_holds_as_arithmetic_says_and_just_where_nothing_is_violated(
    operator: Operator, bound: float, value: float
) -> None:
    condition = Condition("modality_gap", operator, bound)
    expected = {">=": value >= bound, "<=": value <= bound, ">": value > bound, "<": value < bound}[operator]
    assert condition.holds(value) is expected
    assert (condition.violation(value) <= 0) is expected


@pytest.mark.parametrize("operator", OPERATORS)
def test_the_bound_itself_and_nan(operator: Operator) -> None:
    condition = Condition("modality_gap", operator, 0.5)
    assert condition.holds(0.5) is (operator in (">=", "<="))
    assert not condition.holds(math.nan)
    assert condition.violation(math.nan) == math.inf
    assert Condition("modality_gap", operator, 0.0).holds(0.0) is (operator in (">=", "<="))
