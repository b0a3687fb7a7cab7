import pytest

from gap.errors import UserError
from study.distributions import Choices, Range
from study.grid import grid_points

SPACE = {
    "terms": Choices(choices=("ce", "ce+variance")),
    "beta": Range(low=-1, high=1, step=0.5, when=("variance",)),
    "rank": Range(type="int", low=2, high=8, step=3),
}


def test_every_trial_that_differs_is_there_once() -> None:
    points = grid_points(SPACE, terms="ce", seed=0)
    assert len(points) == len({tuple(sorted(point.items())) for point in points}) == 3 + 5 * 3
    assert {point["rank"] for point in points} == {2, 5, 8}
    assert {point["beta"] for point in points if "beta" in point} == {-1.0, -0.5, 0.0, 0.5, 1.0}
    assert all(("beta" in point) == (point["terms"] == "ce+variance") for point in points)
    assert all(SPACE[name].contains(value) for point in points for name, value in point.items())


def test_a_seed_decides_the_order() -> None:
    first, again, other = (grid_points(SPACE, terms="ce", seed=seed) for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("dimension", [Range(low=0, high=1), Range(low=1, high=9, log=True)])
def test_a_dimension_without_countable_values_names_the_remedy(dimension: Range) -> None:
    with pytest.raises(UserError, match="alpha has no countable values: give it choices, or low, high and step"):
        grid_points({"alpha": dimension}, terms="ce", seed=0)


def test_too_many_points_are_refused_before_they_are_made() -> None:
    wide = {name: Range(type="int", low=0, high=10**6) for name in ("rank", "last_n")}
    with pytest.raises(UserError, match="points are too many: expected at most 10,000"):
        grid_points(wide, terms="ce", seed=0)


def test_an_empty_space_is_one_trial() -> None:
    assert grid_points({}, terms="ce", seed=0) == [{}]
