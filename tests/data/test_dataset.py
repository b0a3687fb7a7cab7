import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gap.data import open_dataset
from gap.data.dataset import CAPTIONS, IMAGES, SPLITS, digest, hash_split
from gap.errors import UserError


@pytest.fixture
def prepared(tmp_path: Path) -> Path:
    """Four images in two groups, written by hand."""
    directory = tmp_path / "prepared"
    directory.mkdir()
    np.save(directory / IMAGES, np.arange(4 * 5 * 5 * 3, dtype=np.uint8).reshape(4, 5, 5, 3))
    ids, train, test = ["a", "b", "c", "d"], [0, 3], [1, 2]
    described = {
        "format": 1, "name": "squares", "language": "es", "image_size": 5, "licence": "none", "data_hash": "data",
        "ids": ids, "captions": [["á"], ["b", "bb"], ["b"], ["á"]], "groups": ["a", "b", "b", "a"],
        "skipped": [{"id": "e", "reason": "no keywords"}],
    }  # fmt: skip
    split = {"format": 1, "train": train, "test": test, "split_hash": hash_split(ids, train, test)}
    (directory / CAPTIONS).write_text(json.dumps(described))
    (directory / SPLITS).write_text(json.dumps(split))
    return directory


def test_what_is_read_is_what_was_written(prepared: Path) -> None:
    dataset = open_dataset(prepared)
    assert (dataset.name, dataset.language, dataset.licence, dataset.data_hash) == ("squares", "es", "none", "data")
    assert dataset.ids == ["a", "b", "c", "d"]
    assert dataset.captions == [["á"], ["b", "bb"], ["b"], ["á"]]
    assert dataset.skipped == [{"id": "e", "reason": "no keywords"}]
    assert dataset.train.tolist() == [0, 3]
    assert dataset.test.tolist() == [1, 2]
    assert dataset.train.dtype == dataset.test.dtype == np.int64
    np.testing.assert_array_equal(dataset.images, np.load(prepared / IMAGES))


def test_the_images_stay_on_disk_and_cannot_be_changed(prepared: Path) -> None:
    images = open_dataset(prepared).images
    assert isinstance(images, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        images[0] = 0


def edit(name: str, **changes: Any) -> Callable[[Path], object]:
    """Make a function that changes values of one of the JSON files; None removes one."""

    def apply(directory: Path) -> None:
        content = json.loads((directory / name).read_text()) | changes
        kept = {key: value for key, value in content.items() if value is not None}
        (directory / name).write_text(json.dumps(kept))

    return apply


def save_images(shape: tuple[int, ...], dtype: type = np.uint8) -> Callable[[Path], object]:
    return lambda directory: np.save(directory / IMAGES, np.zeros(shape, dtype=dtype))


def truncate(name: str) -> Callable[[Path], object]:
    return lambda directory: (directory / name).write_bytes((directory / name).read_bytes()[:-10])


DAMAGE = {
    "no captions file": lambda directory: (directory / CAPTIONS).unlink(),
    "no splits file": lambda directory: (directory / SPLITS).unlink(),
    "no images file": lambda directory: (directory / IMAGES).unlink(),
    "captions cut short": truncate(CAPTIONS),
    "splits cut short": truncate(SPLITS),
    "images cut short": truncate(IMAGES),
    "images empty": lambda directory: (directory / IMAGES).write_bytes(b""),
    "captions a list": lambda directory: (directory / CAPTIONS).write_text("[]"),
    "captions no text": lambda directory: (directory / CAPTIONS).write_bytes(b"\xff\xfe\x00"),
    "another format": edit(CAPTIONS, format=2),
    "another split format": edit(SPLITS, format=2),
    "no ids": edit(CAPTIONS, ids=None),
    "no split hash": edit(SPLITS, split_hash=None),
    "too few ids": edit(CAPTIONS, ids=["a", "b", "c"]),
    "too few captions": edit(CAPTIONS, captions=[["a"]] * 3),
    "an image without captions": edit(CAPTIONS, captions=[["a"], ["b"], [], ["d"]]),
    "a row in both parts": edit(SPLITS, train=[0, 1, 3]),
    "a row in neither part": edit(SPLITS, train=[0]),
    "a row that is not there": edit(SPLITS, train=[0, 4]),
    "rows moved by hand": edit(SPLITS, train=[0, 1], test=[2, 3]),
    "rows of another kind": edit(SPLITS, train=["0", "3"]),
    "train no list": edit(SPLITS, train=7),
    "too few images": save_images((3, 5, 5, 3)),
    "grey images": save_images((4, 5, 5)),
    "no image at all": save_images(()),
    "oblong images": save_images((4, 5, 6, 3)),
    "four channels": save_images((4, 5, 5, 4)),
    "floats": save_images((4, 5, 5, 3), np.float32),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_damage_is_one_line_that_names_the_directory(prepared: Path, damage: str) -> None:
    DAMAGE[damage](prepared)
    with pytest.raises(UserError, match=r"^[^\n]*prepared[^\n]*$"):
        open_dataset(prepared)


def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere is not a prepared dataset: cannot read captions\.json"):
        open_dataset(tmp_path / "nowhere")


def test_the_hashes_are_pinned() -> None:
    # They stand in published results: a change here makes those incomparable.
    assert digest({"b": ["ñ", 1], "a": None}) == hashlib.sha256(rb'{"a":null,"b":["\u00f1",1]}').hexdigest()
    assert hash_split(["a", "b", "c"], [0, 2], [1]) == hashlib.sha256(b'[["a","c"],["b"]]').hexdigest()


def test_the_split_hash_depends_on_ids_and_sides_only() -> None:
    ids = ["a", "b", "c"]
    hashes = {hash_split(ids, *parts) for parts in [([0, 1], [2]), ([2], [0, 1]), ([0], [1, 2])]}
    assert len(hashes) == 3
    assert hash_split(["x", *ids, "y"], [1, 2], [3]) == hash_split(ids, [0, 1], [2])
