import json
from pathlib import Path

import pytest
from local_copy import write_copy

from gap.data.arasaac.categories import read_categories
from gap.data.labelled import single_labels
from gap.errors import UserError


def test_categories_are_read_by_id(tmp_path: Path) -> None:
    directory = write_copy(tmp_path, 4)
    records = json.loads((directory / "es.json").read_text(encoding="utf-8"))
    records[0]["categories"] = ["land  transport", "verb", "verb", "", 3]
    records[1]["categories"] = None
    records[2]["categories"] = 7
    records.append({"_id": 0, "categories": ["the id occurs twice"]})
    records.append("no record")
    (directory / "es.json").write_text(json.dumps(records), encoding="utf-8")
    assert read_categories("es", directory) == {"0": ["land transport", "verb"], "1": [], "2": [], "3": []}


def test_no_categories_and_no_directory_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"expected records with categories in .*es\.json"):
        read_categories("es", write_copy(tmp_path, 2))
    with pytest.raises(UserError, match="--data-dir"):
        read_categories("es", None)
    with pytest.raises(UserError, match=r"en\.json is missing"):
        read_categories("en", tmp_path)


def test_an_image_of_two_candidates_is_left_out_and_of_a_rare_tag_is_not() -> None:
    train = [["a"]] * 4 + [["b"]] * 4 + [["a", "b"], ["a", "rare"], [], ["rare"]]
    classes, train_labels, test_labels = single_labels(train, [["b", "b"], ["a", "new"], ["rare"], ["b", "a"]], shots=2)
    assert classes == ["a", "b"]
    assert train_labels.tolist() == [0] * 4 + [1] * 4 + [-1, 0, -1, -1]
    assert test_labels.tolist() == [1, 0, -1, -1]


def test_a_candidate_without_enough_of_its_own_is_no_class() -> None:
    # c is frequent, but always beside a; d is never tested
    train = [["a"]] * 4 + [["b"]] * 4 + [["a", "c"]] * 4 + [["d"]] * 4
    classes, train_labels, test_labels = single_labels(train, [["a"], ["b"], ["c"]], shots=2)
    assert classes == ["a", "b"]
    assert train_labels.tolist() == [0] * 4 + [1] * 4 + [-1] * 8
    assert test_labels.tolist() == [0, 1, -1]


def test_one_class_is_one_line() -> None:
    with pytest.raises(UserError, match="at least 2 classes of 4 training images and a test image, got 1"):
        single_labels([["a"]] * 4 + [["b"]] * 3, [["a"], ["b"]], shots=2)
    with pytest.raises(UserError, match="got 0"):
        single_labels([], [], shots=1)
