from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.data.groups import connected_groups
from gap.data.pairing import Fault, Row, pair
from gap.data.records import Catalogue, Skipped
from gap.errors import UserError


def paired(*rows: Row | Fault, prompt: str | None = None) -> Catalogue:
    return pair("folder", rows, lambda ids, at: lambda row: Path(f"{ids[row]}-{at[row, 0]}"), prompt)


def row(place: int, image: str, caption: str, **more: str) -> Row:
    return Row(str(place), image, caption, at=(place, 0, 0), **more)  # type: ignore[arg-type]


def test_the_order_of_images_is_that_of_their_names_and_of_captions_that_of_the_rows() -> None:
    found = paired(row(0, "b", "1"), row(1, "a", "2"), row(2, "b", "0"), row(3, "a", "9"))
    assert [(record.id, record.captions) for record in found.records] == [("a", ("2", "9")), ("b", ("1", "0"))]
    assert [record.image for record in found.records] == [Path("a-1"), Path("b-0")]


@given(captions=st.lists(st.lists(st.integers(0, 12), min_size=1, max_size=3), min_size=1, max_size=15))
def test_without_groups_shared_captions_make_them(captions: Sequence[Sequence[int]]) -> None:
    rows = [
        row(9 * image + caption, f"{image:02d}", f"WORD {caption}" if image % 2 else f"word {caption}")
        for image, of_image in enumerate(captions)
        for caption in dict.fromkeys(of_image)
    ]
    expected = [f"{first:02d}" for first in connected_groups(captions)]
    assert [record.group for record in paired(*rows).records] == expected


def test_captions_in_nfc_and_nfd_are_one_group_and_one_caption_of_an_image() -> None:
    composed, apart = "un niño", "Un  nin\u0303o"
    found = paired(row(0, "a", composed), row(1, "b", apart), row(2, "c", "otro"), row(3, "a", apart))
    assert [record.group for record in found.records] == ["a", "a", "c"]
    assert found.records[0].captions == (composed,)
    assert found.skipped == [Skipped("3", "the same image and caption as an earlier row", 0, 1)]


def test_given_groups_are_taken_at_their_word() -> None:
    found = paired(row(0, "a", "same", group="x"), row(1, "b", "same", group="y"), row(2, "c", "other", group="x"))
    assert [(record.id, record.group) for record in found.records] == [("a", "x"), ("b", "y"), ("c", "x")]


def test_a_split_makes_groups_superfluous_and_val_is_left_out() -> None:
    parts = ("train", "test", "val", "train")
    found = paired(*(row(n, f"{n}", "same", split=part) for n, part in enumerate(parts)))
    assert [(record.id, record.split, record.group) for record in found.records] == [
        ("0", "train", "0"),
        ("1", "test", "1"),
        ("3", "train", "3"),
    ]
    assert found.skipped == []


def test_a_training_part_alone_is_split_by_captions_or_by_the_groups_given() -> None:
    rows = [row(n, f"{n}", f"{n // 2}", split="train") for n in range(4)]
    found = paired(*rows)
    assert [(record.split, record.group) for record in found.records] == [(None, f"{n // 2 * 2}") for n in range(4)]
    assert found.remarks == [
        "the data have a training part only: a fifth of it is kept for testing, as of data without a split"
    ]
    grouped = paired(*(row(n, f"{n}", f"{n // 2}", split="train", group=f"g{n % 2}") for n in range(4)))
    assert [(record.split, record.group) for record in grouped.records] == [(None, f"g{n % 2}") for n in range(4)]


def test_validation_stands_in_for_a_test_part_that_is_not_there() -> None:
    found = paired(row(0, "a", "1", split="train"), row(1, "b", "2", split="val"))
    assert [(record.id, record.split) for record in found.records] == [("a", "train"), ("b", "test")]
    assert found.remarks == [
        "the data have a training and a validation part only: the validation part is the test part"
    ]
    assert paired(row(0, "a", "1"), row(1, "b", "2")).remarks == []


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([row(0, "a", "1", split="test"), row(1, "b", "2", split="val")], "to train on, only test and val: expected"),
        ([row(0, "a", "1", split="val")], "to train on, only val: expected train and test, train and val, or train"),
        # the only test image is one of the training part already
        ([row(0, "a", "1", split="train"), row(1, "a", "2", split="test")], "to test on, only train: expected"),
    ],
)
def test_a_split_that_is_none_is_refused_with_the_remedy(rows: list[Row], message: str) -> None:
    with pytest.raises(UserError, match=rf"^folder: the split leaves no images {message}.*the data are split here$"):
        paired(*rows)


def test_an_image_of_val_is_not_trained_on_either() -> None:
    found = paired(row(0, "a", "1", split="val"), row(1, "a", "2", split="train"), row(2, "b", "3", split="train"),
                   row(3, "c", "4", split="test"))  # fmt: skip
    assert [record.id for record in found.records] == ["b", "c"]
    assert found.skipped == [Skipped("1", "another split than an earlier row of the image", 0, 1)]


def test_a_prompt_goes_round_every_caption() -> None:
    found = paired(row(0, "a", "{} %s"), row(1, "b", "bee"), prompt="A {}!")
    assert [record.captions for record in found.records] == [("A {} %s!",), ("A bee!",)]


def test_what_was_skipped_before_comes_first() -> None:
    found = paired(row(0, "a", "1"), Fault("1", "no caption"), row(2, "a", "1"))
    assert [one.id for one in found.skipped] == ["1", "2"]


@pytest.mark.parametrize("parts", [["train"], ["train", "val"]])
def test_a_test_part_of_which_nothing_can_be_used_is_no_missing_one(parts: list[str]) -> None:
    rows = [row(place, f"{place}", f"{place}", split=parts[place % len(parts)]) for place in range(8)]
    broken = Fault("line 9", "no such file", "image", image="8", split="test")
    with pytest.raises(UserError, match=r"^folder: the split leaves no images to test on, only train"):
        paired(*rows, broken)
    assert len(paired(*rows).remarks) == 1


@pytest.mark.parametrize("rows", [[], [Fault("line 2", "no caption")]])
def test_nothing_left_is_one_line(rows: list[Row | Fault]) -> None:
    with pytest.raises(UserError, match=r"^folder: no pair of image and caption is left(: line 2: no caption)?$"):
        paired(*rows)


def test_records_are_a_sequence() -> None:
    records = paired(*(row(n, f"{n:05d}", f"{n}") for n in range(20_000))).records
    assert len(records) == 20_000
    assert [record.id for record in records] == [f"{n:05d}" for n in range(20_000)]
    assert records[-1].id == records[19_999].id == "19999"
    assert [record.id for record in records[8_190:8_195]] == [f"{n:05d}" for n in range(8_190, 8_195)]
    assert [record.id for record in records[4::9_000]] == ["00004", "09004", "18004"]
    assert records[5:5] == records[30_000:] == []
    with pytest.raises(IndexError, match="row 20000 of 20000"):
        records[20_000]
