import pytest

from gap.data.records import Skipped, name_some, stop_if_many
from gap.errors import UserError


def skipped(number: int) -> list[Skipped]:
    return [Skipped(str(index), "no keywords") for index in range(number)]


@pytest.mark.parametrize(("unusable", "total"), [(0, 0), (0, 1), (1, 100), (2, 200), (98, 9879)])
def test_one_per_cent_is_bearable(unusable: int, total: int) -> None:
    stop_if_many("arasaac", skipped(unusable), total)


@pytest.mark.parametrize(("unusable", "total"), [(1, 1), (1, 99), (2, 199), (3, 200), (99, 9879), (7, 7)])
def test_more_than_one_per_cent_stops(unusable: int, total: int) -> None:
    with pytest.raises(UserError, match=rf"^arasaac: {unusable} of {total} records are unusable, .* 1%.*: 0 \(no key"):
        stop_if_many("arasaac", skipped(unusable), total)


def test_five_are_named_and_the_rest_hinted_at() -> None:
    assert name_some([]) == ""
    assert name_some(skipped(5)).endswith("4 (no keywords)")
    assert name_some(skipped(6)) == name_some(skipped(5)) + ", ..."
