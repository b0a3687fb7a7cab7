from hypothesis import given
from hypothesis import strategies as st

from gap.data.groups import connected_groups


def flood(keys: list[set[int]]) -> list[int]:
    """Oracle: grow each group until nothing more shares a key with it."""
    groups = []
    for start in range(len(keys)):
        members = {start}
        while True:
            reached = {row for row in range(len(keys)) if any(keys[row] & keys[member] for member in members)} | members
            if reached == members:
                break
            members = reached
        groups.append(min(members))
    return groups


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), max_size=25))
def test_against_flood_fill(keys: list[set[int]]) -> None:
    assert connected_groups(keys) == flood(keys)


def test_a_long_chain_is_one_group() -> None:
    assert set(connected_groups([[row, row + 1] for row in range(20_000)])) == {0}
