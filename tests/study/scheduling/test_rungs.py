import math
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.front import Direction
from study.scheduling.rungs import Rungs, levels

DIRECTIONS: tuple[Direction, ...] = ("max", "min")
small = st.integers(0, 4).map(float)
arrivals = st.lists(st.tuples(small, small), min_size=1, max_size=12)


def arrive(rungs: Rungs, rows: list[tuple[float, float]], epoch: int = 1) -> list[bool]:
    return [rungs.goes_on(f"t{number:03d}", epoch, row) for number, row in enumerate(rows)]


@pytest.mark.parametrize(
    ("max_epochs", "reduction_factor", "grace_epochs", "expected"),
    [
        (30, 3.0, 1, (1, 3, 9, 27)),
        (27, 3.0, 1, (1, 3, 9)),  # strictly below
        (20, 2.0, 3, (3, 6, 12)),
        (8, 1.5, 1, (1, 2, 3, 5)),  # 1, 1.5, 2.25, 3.375, 5.06, 7.6 -> 8
        (6, 1.1, 1, (1, 2, 3, 4, 5)),  # equal ones count once
        (1, 3.0, 1, ()),
        (2, 3.0, 2, ()),
    ],
)
def test_levels(max_epochs: int, reduction_factor: float, grace_epochs: int, expected: tuple[int, ...]) -> None:
    assert levels(max_epochs, reduction_factor, grace_epochs) == expected
    rungs = Rungs(DIRECTIONS, max_epochs=max_epochs, reduction_factor=reduction_factor, grace_epochs=grace_epochs)
    assert rungs.levels == expected


def test_alone_it_goes_on_and_the_dominated_stop() -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    assert arrive(rungs, [(1.0, 0.9), (0.5, 0.95), (2.0, 0.5), (0.4, 0.99)]) == [True, False, True, False]


def test_as_many_go_on_as_the_share_rounded_up() -> None:
    # Each is better than all before it or worse than all before it; the fourth makes room for a second place.
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    rows = [(3.0, 0.0), (1.0, 0.0), (5.0, 0.0), (4.0, 0.0), (2.0, 0.0)]
    assert arrive(rungs, rows) == [True, False, True, True, False]


def test_between_the_rungs_and_before_training_everyone_goes_on() -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    rungs.goes_on("t000", 3, [1.0, 0.0])
    for epoch in (0, 2, 4, 9, 27):
        assert rungs.goes_on("t001", epoch, [0.0, 1.0])
    assert rungs.records == {1: {}, 3: {"t000": (1.0, 0.0)}}
    assert not rungs.goes_on("t001", 3, [0.0, 1.0])


@given(arrivals)
def test_a_trial_that_nothing_so_far_dominates_and_that_leads_the_first_objective_goes_on(
    rows: list[tuple[float, float]],
) -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    for number, (row, goes_on) in enumerate(zip(rows, arrive(rungs, rows), strict=True)):
        if all(row[0] > other[0] for other in rows[:number]):
            assert goes_on


@given(arrivals, st.sampled_from([1.5, 2.0, 3.0]))
def test_of_n_that_are_asked_again_the_share_rounded_up_goes_on(rows: list[tuple[float, float]], factor: float) -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9, reduction_factor=factor)
    arrive(rungs, rows)
    assert sum(arrive(rungs, rows)) == math.ceil(len(rows) / factor)


@given(arrivals)
def test_a_decision_is_replayed_from_the_records(rows: list[tuple[float, float]]) -> None:
    rungs, again = (Rungs(DIRECTIONS, max_epochs=9) for _ in range(2))
    decisions = arrive(rungs, rows)
    again.record_all(rungs.records)
    assert again.records == rungs.records
    assert list(again.records[1]) == list(rungs.records[1])
    for number, row in enumerate(rows):
        # The last to arrive was judged by the same records; the others by fewer.
        repeated = again.goes_on(f"t{number:03d}", 1, row)
        assert repeated == rungs.goes_on(f"t{number:03d}", 1, row)
    assert repeated == decisions[-1]
    assert again.records == rungs.records


def test_what_was_recorded_first_stays() -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    rungs.record("t000", 1, [1.0, 0.5])
    rungs.record("t000", 1, [9.0, 0.0])
    assert rungs.records[1] == {"t000": (1.0, 0.5)}
    assert rungs.goes_on("t001", 1, [2.0, 0.4])
    assert not rungs.goes_on("t000", 1, [9.0, 0.0])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_a_vector_that_is_not_finite_is_not_kept_and_not_judged(bad: float) -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    rungs.record("t000", 1, [5.0, 0.0])
    assert rungs.goes_on("t001", 1, [bad, 0.5])
    assert list(rungs.records[1]) == ["t000"]
    assert not rungs.goes_on("t001", 1, [1.0, 0.5])  # a later, finite one is the first that counts


def test_records_are_a_copy_and_rungs_can_be_pickled() -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    rungs.record("t000", 1, [1.0, 0.5])
    rungs.records[1].clear()
    assert pickle.loads(pickle.dumps(rungs)).records == rungs.records == {1: {"t000": (1.0, 0.5)}, 3: {}}


@pytest.mark.parametrize("bad", [1.0, 0.5, math.nan, math.inf])
def test_the_reduction_factor_is_above_one(bad: float) -> None:
    with pytest.raises(ValueError, match=f"expected a finite reduction_factor > 1, got {bad}"):
        Rungs(DIRECTIONS, max_epochs=9, reduction_factor=bad)


@pytest.mark.parametrize(("grace_epochs", "max_epochs"), [(0, 9), (-1, 9), (1, 0)])
def test_there_is_at_least_one_epoch(grace_epochs: int, max_epochs: int) -> None:
    with pytest.raises(ValueError, match=f"got grace_epochs {grace_epochs}, max_epochs {max_epochs}"):
        Rungs(DIRECTIONS, max_epochs=max_epochs, grace_epochs=grace_epochs)


def test_there_is_an_objective() -> None:
    with pytest.raises(ValueError, match=r"expected a direction for each objective, got \[\]"):
        Rungs([], max_epochs=9)


@pytest.mark.parametrize("epoch", [1, 2])
def test_the_number_of_values_is_that_of_the_objectives(epoch: int) -> None:
    rungs = Rungs(DIRECTIONS, max_epochs=9)
    with pytest.raises(ValueError, match=r"expected 2 values, one an objective, got \[1.0, 2.0, 3.0\]"):
        rungs.goes_on("t000", epoch, [1.0, 2.0, 3.0])
