import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pretend_arasaac import record

from gap.data.arasaac.selection import Filters, parse_catalogue, select, to_json
from gap.errors import UserError

HOSTILE = ["../../x", "/etc/passwd", 1e99, -1, True, None, 2.0, [5], {"id": 5}, 10**9, "7"]


def test_a_record_keeps_what_is_known_and_what_lasts() -> None:
    entry = record(5, "sol", tags=["star"], categories=["sky"], schematic=False, evil="x" * 100)
    kept = select([entry], Filters()).records[5]
    assert kept == {name: value for name, value in entry.items() if name not in ("downloads", "evil")}


@pytest.mark.parametrize("identifier", HOSTILE)
def test_an_unusable_id_is_left_out_and_named(identifier: Any) -> None:
    selection = select([{**record(1), "_id": identifier}, record(2)], Filters())
    assert list(selection.records) == [2]
    assert [(one.id, one.reason) for one in selection.unusable] == [("record 0", "no usable _id")]


def test_no_id_and_no_record_are_left_out_and_named() -> None:
    selection = select([{"keywords": []}, "x", None, 7, [], record(2), record(2, "otra")], Filters())
    assert [one.reason for one in selection.unusable] == ["no usable _id"] * 5 + ["the id occurs twice"]
    assert selection.records[2]["keywords"][0]["keyword"] == "palabra 2"


@pytest.mark.parametrize("keywords", [None, [], "sol", {}, [None], [{}], [{"keyword": None}], [{"keyword": "&nbsp;"}]])
def test_a_record_without_a_word_is_counted_and_left_out(keywords: Any) -> None:
    selection = select([{**record(1), "keywords": keywords}, record(2)], Filters())
    assert list(selection.records) == [2]
    assert (selection.speechless, selection.listed, selection.unusable) == (1, {1, 2}, [])


def test_entities_stay_as_they_came() -> None:
    # the reader of the directory resolves them
    (kept,) = select([record(1, "sal &amp; pimienta")], Filters()).records.values()
    assert kept["keywords"][0]["keyword"] == "sal &amp; pimienta"


MARKED = [
    record(1, sex=True),
    record(2, violence=True),
    record(3, aac=True, categories=["Wild animal", "mammal"]),
    record(4, schematic=True, categories=["mammal"]),
    record(5, sex="yes", categories="mammal"),
]


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        (Filters(), [1, 2, 3, 4, 5]),
        (Filters(exclude=("sex",)), [2, 3, 4, 5]),
        (Filters(exclude=("sex", "violence")), [3, 4, 5]),
        (Filters(aac=True), [3]),
        (Filters(schematic=True), [4]),
        (Filters(schematic=False), [1, 2, 3, 5]),
        (Filters(categories=("wild ANIMAL",)), [3]),
        (Filters(categories=("mammal",), schematic=False), [3]),
    ],
)
def test_filters(filters: Filters, expected: list[int]) -> None:
    selection = select(MARKED, filters)
    assert list(selection.records) == expected
    assert selection.filtered == len(MARKED) - len(expected)
    assert selection.listed == {1, 2, 3, 4, 5}


def test_a_category_that_no_record_has_is_answered_with_near_ones() -> None:
    with pytest.raises(UserError, match=r"^unknown category 'mamal': expected one of 2, such as mammal$"):
        select(MARKED, Filters(categories=("mamal",)))


def test_filters_that_leave_nothing_are_one_line() -> None:
    with pytest.raises(UserError, match=r"^arasaac: of 5 records none has [^\n]+$"):
        select(MARKED, Filters(aac=True, schematic=True))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(list(record(1))), inner, max_size=5),
)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        ANY | st.builds(lambda more: {**record(1), **more}, st.dictionaries(st.sampled_from(list(record(1))), ANY))
    )
)
def test_whatever_a_server_sends_is_records_or_one_line(entries: list[Any]) -> None:
    try:
        selection = select(entries, Filters(exclude=("sex",), schematic=False))
    except UserError:
        return
    assert all(type(one) is int and 0 <= one < 10**9 for one in selection.records)
    again = parse_catalogue(to_json(selection.records))
    assert [entry["_id"] for entry in again] == list(selection.records)


@pytest.mark.parametrize(
    "data", [b"", b"<html>", b"{}", b"[]", b"null", b"[" * 100_000, b'[{"_id": 1}', b"\xff\xfe[]", b'"' + b"x" * 50]
)
def test_what_is_no_catalogue(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_catalogue(data)


def test_numbers_that_no_machine_holds_are_nothing() -> None:
    digits = b"9" * 10_000
    entries = parse_catalogue(b'[{"_id": ' + digits + b', "a": NaN, "b": -Infinity}]')
    assert entries == [{"_id": None, "a": None, "b": None}]


def test_what_is_written_is_what_was_kept() -> None:
    records = select([record(2, "niño", "\ud800"), record(1)], Filters()).records
    data = to_json(records)
    assert json.loads(data) == list(records.values())
    assert [entry["_id"] for entry in json.loads(data)] == [1, 2]
    assert data.count(b"\n") == 4
