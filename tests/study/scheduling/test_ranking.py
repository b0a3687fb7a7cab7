import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.front import Direction, non_dominated
from study.scheduling.ranking import epsilon_net, pareto_order, unit_scaled

small = st.integers(0, 4).map(float)  # few distinct values: many ties
wide = st.floats(allow_nan=False, allow_infinity=False)
DIRECTIONS: tuple[Direction, ...] = ("max", "min", "max")


def dominates(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    signs = [1 if direction == "max" else -1 for direction in DIRECTIONS]
    gains = [sign * x for sign, x in zip(signs, a, strict=False)]
    other = [sign * x for sign, x in zip(signs, b, strict=False)]
    return all(x >= y for x, y in zip(gains, other, strict=True)) and gains != other


def rows_of(value: st.SearchStrategy[float]) -> st.SearchStrategy[list[tuple[float, ...]]]:
    return st.integers(1, 3).flatmap(lambda k: st.lists(st.tuples(*[value] * k), min_size=1, max_size=12))


@given(rows_of(small) | rows_of(wide))
def test_a_dominated_vector_never_stands_before_one_that_dominates_it(rows: list[tuple[float, ...]]) -> None:
    order = pareto_order(np.array(rows), DIRECTIONS[: len(rows[0])]).tolist()
    assert sorted(order) == list(range(len(rows)))
    for place, row in enumerate(order):
        assert not any(dominates(rows[after], rows[row]) for after in order[place:])


@given(rows_of(small) | rows_of(wide))
def test_the_vectors_that_nothing_dominates_come_first(rows: list[tuple[float, ...]]) -> None:
    front = {i for i, row in enumerate(rows) if not any(dominates(other, row) for other in rows)}
    order = pareto_order(np.array(rows), DIRECTIONS[: len(rows[0])])
    assert set(order[: len(front)].tolist()) == front


@given(rows_of(small))
def test_the_first_front_is_that_of_the_study(rows: list[tuple[float, ...]]) -> None:
    values, directions = np.array(rows), DIRECTIONS[: len(rows[0])]
    front = set(np.flatnonzero(non_dominated(values, directions)).tolist())
    assert set(pareto_order(values, directions)[: len(front)].tolist()) == front


@given(rows_of(small), st.sampled_from([0.25, 2.0, 1024.0]))
def test_units_do_not_matter(rows: list[tuple[float, ...]], unit: float) -> None:
    values, directions = np.array(rows), DIRECTIONS[: len(rows[0])]
    units = np.array([unit, 1.0, 1.0])[: len(rows[0])]
    assert pareto_order(values * units, directions).tolist() == pareto_order(values, directions).tolist()


@given(rows_of(small))
def test_the_direction_is_only_a_sign(rows: list[tuple[float, ...]]) -> None:
    values, directions = np.array(rows), DIRECTIONS[: len(rows[0])]
    flipped: list[Direction] = ["min" if direction == "max" else "max" for direction in directions]
    assert pareto_order(-values, flipped).tolist() == pareto_order(values, directions).tolist()


def test_a_front_is_ordered_by_spread_from_the_best_in_the_first_objective() -> None:
    values = np.array([[0.0, 0.0], [0.1, 0.1], [0.5, 0.5], [0.9, 0.9], [1.0, 1.0]])
    assert pareto_order(values, ["max", "min"]).tolist() == [4, 0, 2, 1, 3]


def test_the_scale_is_that_of_all_vectors_not_of_the_front() -> None:
    # Alone, the front's columns would be equally wide, and the row in its middle as far from either end.
    values = np.array([[3.0, 3.0], [2.0, 2.1], [1.0, 1.0], [0.0, 9.0]])
    assert pareto_order(values, ["max", "min"]).tolist() == [0, 2, 1, 3]
    assert unit_scaled(values)[:3].tolist() == [[1.0, 0.25], [2 / 3, pytest.approx(1.1 / 8)], [1 / 3, 0.0]]


def test_equal_vectors_keep_the_order_of_the_rows() -> None:
    assert pareto_order(np.ones((4, 2)), ["max", "min"]).tolist() == [0, 1, 2, 3]
    assert pareto_order(np.array([[1.0, 1.0], [0.0, 0.0], [1.0, 1.0]]), ["max", "min"]).tolist() == [0, 1, 2]


@pytest.mark.parametrize(("direction", "expected"), [("max", [1, 0, 2]), ("min", [2, 0, 1])])
def test_one_objective_is_sorted(direction: Direction, expected: list[int]) -> None:
    assert pareto_order(np.array([[2.0], [3.0], [1.0]]), [direction]).tolist() == expected


def test_a_constant_objective_changes_nothing() -> None:
    values = np.array([[0.0, 5.0, 0.0], [0.4, 5.0, 0.4], [1.0, 5.0, 1.0]])
    with_constant = pareto_order(values, ["max", "max", "min"])
    assert with_constant.tolist() == pareto_order(values[:, [0, 2]], ["max", "min"]).tolist() == [2, 0, 1]


def test_three_objectives() -> None:
    # Row 3 is beaten by row 0 alone; the others are each best in one objective, and row 2 is farther from row 0.
    values = np.array([[3.0, 5.0, 1.0], [2.0, 1.0, 1.0], [1.0, 5.0, 3.0], [3.0, 6.0, 1.0]])
    assert pareto_order(values, ["max", "min", "max"]).tolist() == [0, 2, 1, 3]


def test_one_row_and_no_row() -> None:
    assert pareto_order(np.array([[1.0, 2.0]]), ["max", "min"]).tolist() == [0]
    assert pareto_order(np.empty((0, 2)), ["max", "min"]).tolist() == []


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused(bad: float) -> None:
    with pytest.raises(ValueError, match=r"expected finite values, got \[\[1.0, (nan|inf|-inf)\]\]"):
        pareto_order(np.array([[0.0, 0.0], [1.0, bad]]), ["max", "min"])


def test_the_number_of_columns_must_match() -> None:
    with pytest.raises(ValueError, match=r"expected values \[n, 2\].*got \[1, 3\]"):
        pareto_order(np.zeros((1, 3)), ["max", "min"])


@given(st.lists(st.tuples(small, small), min_size=1, max_size=10), st.integers(0, 9))
def test_the_net_takes_the_farthest_point_each_time(rows: list[tuple[float, float]], start: int) -> None:
    points, first = np.array(rows), start % len(rows)
    order = epsilon_net(points, first).tolist()
    assert order[0] == first
    assert sorted(order) == list(range(len(rows)))
    for k in range(1, len(order)):
        to_chosen = np.linalg.norm(points[:, None] - points[order[:k]], axis=2).min(axis=1)
        left = [row for row in range(len(rows)) if row not in order[:k]]
        assert order[k] == max(left, key=lambda row: (to_chosen[row], -row))


def test_values_at_the_ends_of_what_floats_hold_do_not_overflow() -> None:
    largest = np.finfo(np.float64).max
    assert unit_scaled(np.array([[-largest], [largest]])).tolist() == [[0.0], [1.0]]
