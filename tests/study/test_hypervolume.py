"""Hypervolumes against sums that are exact, and the point that they are measured from."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gap.errors import UserError
from study.front import Direction, non_dominated
from study.hypervolume import hypervolume, reference_point

WHOLE = st.integers(-5, 5).map(float)
DIRECTIONS: st.SearchStrategy[Direction] = st.sampled_from(["max", "min"])


def exact(values: npt.NDArray[np.float64], directions: list[Direction], reference: list[float]) -> float:
    """Count the unit cells of the lattice that lie between a point and the reference."""
    signs = np.array([1.0 if direction == "max" else -1.0 for direction in directions])
    points, corner = values * signs, np.array(reference) * signs
    cells = np.stack(np.meshgrid(*[np.arange(-6.0, 6.0)] * len(signs), indexing="ij"), axis=-1).reshape(-1, len(signs))
    inside = (cells >= corner).all(axis=1)
    return float(
        sum(bool(within and (cell + 1 <= points).all(axis=1).any()) for cell, within in zip(cells, inside, strict=True))
    )


@given(data=st.data(), k=st.integers(1, 3))
def test_it_counts_the_cells_between_points_and_reference(data: st.DataObject, k: int) -> None:
    values = data.draw(arrays(np.float64, (data.draw(st.integers(0, 6)), k), elements=WHOLE))
    directions = data.draw(st.lists(DIRECTIONS, min_size=k, max_size=k))
    reference = data.draw(st.lists(WHOLE, min_size=k, max_size=k))
    assert hypervolume(values, directions, reference) == exact(values, directions, reference)


@given(values=arrays(np.float64, (6, 2), elements=st.floats(0, 1)), extra=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_a_point_more_never_lessens_it_and_only_the_front_counts(
    values: npt.NDArray[np.float64], extra: tuple[float, float]
) -> None:
    directions: list[Direction] = ["max", "min"]
    whole = hypervolume(values, directions, [0.2, 0.8])
    assert hypervolume(np.vstack([values, extra]), directions, [0.2, 0.8]) >= whole - 1e-12
    front = values[non_dominated(values, directions)]
    assert hypervolume(front, directions, [0.2, 0.8]) == pytest.approx(whole, abs=1e-12)


def test_what_adds_nothing() -> None:
    directions: list[Direction] = ["max", "min"]
    rows = np.array([[40.0, 0.1], [39.0, 0.2], [90.0, 0.9], [math.nan, 0.1], [math.inf, 0.1], [50.0, -math.inf]])
    assert hypervolume(rows, directions, [40.0, 0.9]) == 0.0
    assert hypervolume(np.empty((0, 2)), directions, [40.0, 0.9]) == 0.0
    good = np.array([[50.0, 0.4]])
    assert hypervolume(np.vstack([rows, good]), directions, [40.0, 0.9]) == pytest.approx(5.0)


def test_three_objectives() -> None:
    rows = np.array([[2.0, -1.0, 5.0], [1.0, -3.0, 5.0]])
    # 2·1·5 and 1·3·5 share 1·1·5.
    assert hypervolume(rows, ["max", "min", "max"], [0.0, 0.0, 0.0]) == 20.0


def test_shapes_that_do_not_fit() -> None:
    for values, reference in [(np.ones((2, 3)), [0.0, 0.0]), (np.ones(2), [0.0, 0.0]), (np.ones((2, 2)), [0.0])]:
        with pytest.raises(ValueError, match="expected values"):
            hypervolume(values, ["max", "min"], reference)


def test_the_reference_is_the_model_before_training_unless_given() -> None:
    baseline = {"recall_at_1": 40.0, "modality_gap": 0.9, "loss": math.nan}
    objectives: dict[str, Direction] = {"modality_gap": "min", "recall_at_1": "max"}
    assert list(reference_point(baseline, objectives).items()) == [("modality_gap", 0.9), ("recall_at_1", 40.0)]
    assert reference_point(baseline, objectives, {"modality_gap": 2, "rank": 3})["modality_gap"] == 2.0
    assert reference_point(baseline, {"loss": "min"}, {"loss": 3.0}) == {"loss": 3.0}


@pytest.mark.parametrize("name", ["loss", "seconds", "mrr"])
def test_a_missing_reference_names_its_remedy(name: str) -> None:
    with pytest.raises(UserError, match=rf"no finite {name}.*`reference: \{{seconds: 600\}}`") as caught:
        reference_point({"loss": math.nan, "mrr": math.inf}, {name: "max"})
    assert "\n" not in str(caught.value)
