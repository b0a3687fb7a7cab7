import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from local_copy import picture

from gap.data import is_at_hand, open_dataset, prepare
from gap.data.mscoco import read
from gap.data.records import Skipped
from gap.errors import UserError

PARTS = ["train"] * 6 + ["restval"] * 2 + ["val"] * 3 + ["test"] * 4


def write_coco(directory: Path) -> Path:
    """Fifteen images of both folders, the official captions, and a file like Karpathy's."""
    images: list[dict[str, Any]] = []
    captions: dict[str, list[dict[str, Any]]] = {"train2014": [], "val2014": []}
    for number, part in enumerate(PARTS):
        folder = "train2014" if part == "train" else "val2014"
        name = f"COCO_{folder}_{number:012d}.jpg"
        (directory / folder).mkdir(parents=True, exist_ok=True)
        (directory / folder / name).write_bytes(picture(number))
        images.append({"cocoid": number, "split": part, "filepath": folder, "filename": name, "sentences": []})
        for k in range(6 if number == 0 else 5):
            # Not in the order of their ids, and one with white space around it.
            text = f" caption {k}  of {number}\n"
            captions[folder].insert(0, {"id": 100 * number + k, "image_id": number, "caption": text})
    (directory / "annotations").mkdir()
    for folder, annotations in captions.items():
        path = directory / "annotations" / f"captions_{folder}.json"
        path.write_text(json.dumps({"annotations": annotations}))
    (directory / "dataset_coco.json").write_text(json.dumps({"images": images, "dataset": "coco"}))
    return directory


def edit(path: Path, change: Callable[[Any], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_the_split_is_karpathys_and_an_image_has_its_first_five_captions(tmp_path: Path) -> None:
    directory = write_coco(tmp_path / "coco")
    cache = tmp_path / "cache"
    dataset = open_dataset(prepare("mscoco", language="en", image_size=8, data_dir=directory, cache_dir=cache))
    by_part = {part: [n for n, of in enumerate(PARTS) if of == part] for part in set(PARTS)}
    assert [int(dataset.ids[row]) for row in dataset.train] == by_part["train"] + by_part["restval"]
    assert [int(dataset.ids[row]) for row in dataset.test] == by_part["test"]
    assert dataset.captions[0] == [f"caption {k} of 0" for k in range(5)]
    assert {len(captions) for captions in dataset.captions} == {5}
    assert dataset.skipped == []
    for row, number in enumerate(dataset.ids):
        expected = np.array([int(number) % 256, int(number) // 256, 100])
        assert np.abs(dataset.images[row].reshape(-1, 3).astype(int) - expected).max() <= 3
    split = json.loads(next(cache.glob("datasets/*/splits.json")).read_text())
    assert split["method"] == "as the source publishes it"


def test_an_unusable_image_is_skipped_and_named(tmp_path: Path) -> None:
    directory = write_coco(tmp_path / "coco")
    next((directory / "train2014").glob("*3.jpg")).unlink()
    captions = [{"id": n, "image_id": n, "caption": "a bee" if n != 4 else "  "} for n in range(6)]
    edit(directory / "annotations" / "captions_train2014.json", lambda c: c.update(annotations=captions))
    edit(directory / "dataset_coco.json", lambda c: c["images"][5].update(split="tset"))
    catalogue = read("en", directory)
    reasons = {one.id: one.reason for one in catalogue.skipped}
    assert reasons["3"] == "train2014/ holds no file of that name"
    assert reasons["4"] == "no captions"
    expected = "split: expected one of train, restval, test, val, got 'tset'"
    assert reasons["image 5 of dataset_coco.json"] == expected
    with pytest.raises(UserError, match=r"^mscoco: 3 of 12 images are unusable"):
        prepare("mscoco", language="en", image_size=8, data_dir=directory, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"filename": {}}, "filename: expected a name, got {}"),
        ({"filename": "../../x.jpg"}, "holds no file of that name"),
        ({"filename": "a/b"}, "holds no file of that name"),
        ({"filename": "\x00"}, "holds no file of that name"),
        ({"filepath": []}, "filepath: expected train2014 or val2014, got []"),
        ({"filepath": "../train2014"}, "filepath: expected train2014 or val2014, got '../train2014'"),
        ({"cocoid": float("inf")}, "cocoid: expected a whole number, got inf"),
        ({"cocoid": "one"}, "cocoid: expected a whole number, got 'one'"),
        ({"cocoid": 3.5}, "cocoid: expected a whole number, got 3.5"),
        ({"cocoid": True}, "cocoid: expected a whole number, got True"),
        ({"cocoid": None}, "cocoid: expected a whole number, got None"),
        ({"cocoid": 4}, "the id occurs twice"),
    ],
)
def test_odd_images_are_skipped(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    directory = write_coco(tmp_path / "coco")
    edit(directory / "dataset_coco.json", lambda c: c["images"][5].update(changed))
    (skipped,) = read("en", directory, None).skipped
    assert reason in skipped.reason


@pytest.mark.parametrize("spelled", [str, float])
def test_ids_that_a_table_made_texts_or_fractions_of_are_whole_numbers(tmp_path: Path, spelled: Any) -> None:
    directory = write_coco(tmp_path / "coco")
    expected = read("en", directory)
    edit(directory / "dataset_coco.json", lambda c: [one.update(cocoid=spelled(one["cocoid"])) for one in c["images"]])
    for folder in ("train2014", "val2014"):
        edit(
            directory / "annotations" / f"captions_{folder}.json",
            lambda c: [one.update(image_id=spelled(one["image_id"])) for one in c["annotations"]],
        )
    assert read("en", directory) == expected


def test_an_empty_caption_is_named_and_the_next_ones_move_up(tmp_path: Path) -> None:
    directory = write_coco(tmp_path / "coco")
    path = directory / "annotations" / "captions_train2014.json"
    edit(path, lambda c: [one.update(caption=" ") for one in c["annotations"] if one["id"] in {2, 101}])
    found = read("en", directory)
    assert [record.captions for record in found.records[:2]] == [
        tuple(f"caption {k} of 0" for k in (0, 1, 3, 4, 5)),
        tuple(f"caption {k} of 1" for k in (0, 2, 3, 4)),
    ]
    assert found.skipped == [
        Skipped("0, annotation 2", "no caption", images=0, captions=1),
        Skipped("1, annotation 101", "no caption", images=0, captions=1),
    ]


def test_files_with_a_byte_order_mark_are_read_and_others_than_utf8_named(tmp_path: Path) -> None:
    directory = write_coco(tmp_path / "coco")
    expected, path = read("en", directory), directory / "dataset_coco.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read("en", directory) == expected
    path.write_bytes(b'{"images": "ni\xf1o"}')
    with pytest.raises(
        UserError, match=r"column 15: expected UTF-8, got byte 0xf1, which is 'ñ' in Latin-1; save it as UTF"
    ):
        read("en", directory)


def test_odd_captions_are_one_line(tmp_path: Path) -> None:
    directory = write_coco(tmp_path / "coco")
    edit(directory / "annotations" / "captions_val2014.json", lambda c: c["annotations"][0].update(id=float("inf")))
    with pytest.raises(UserError, match=r"val2014\.json: annotation 0: id: expected a whole number, got inf$"):
        read("en", directory, None)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda d: (d / "dataset_coco.json").unlink(), "dataset_coco.json is missing; expected in the directory"),
        (lambda d: (d / "dataset_coco.json").write_text("{"), "cannot read"),
        (lambda d: (d / "dataset_coco.json").write_text("[]"), "expected a list of images in"),
        (lambda d: (d / "annotations" / "captions_val2014.json").unlink(), "captions_val2014.json is missing"),
        (
            lambda d: edit(d / "annotations" / "captions_val2014.json", lambda c: c["annotations"][0].pop("image_id")),
            r"captions_val2014\.json: annotation 0: no image_id$",
        ),
        (lambda d: (d / "train2014").rename(d / "train"), "train2014 is missing"),
        (
            lambda d: edit(d / "dataset_coco.json", lambda c: [image.update(split="val") for image in c["images"]]),
            "leaves no images to train on",
        ),
    ],
)
def test_a_fault_of_the_directory_is_one_line(tmp_path: Path, fault: Callable[[Path], Any], message: str) -> None:
    directory = write_coco(tmp_path / "coco")
    fault(directory)
    with pytest.raises(UserError, match=message) as caught:
        read("en", directory)
    assert "\n" not in str(caught.value)


def test_without_data_the_error_says_what_is_expected(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^mscoco: no data; give --data-dir DIR; expected in .* dataset_coco"):
        read("en", None)
    with pytest.raises(UserError, match="is not a directory"):
        read("en", tmp_path / "nowhere")


def test_it_is_not_at_hand_unless_given(tmp_path: Path) -> None:
    assert not is_at_hand("mscoco", cache_dir=tmp_path)
    assert is_at_hand("mscoco", data_dir=tmp_path, cache_dir=tmp_path)


def edit_images(directory: Path, change: Callable[[list[Any]], None]) -> None:
    edit(directory / "dataset_coco.json", lambda content: change(content["images"]))


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (lambda images: images[0].update(cocoid=float("inf")), "image 0 of dataset_coco.json"),
        (lambda images: images[0].update(cocoid=None), "image 0 of dataset_coco.json"),
        (lambda images: images[0].update(filename=["x"]), "image 0 of dataset_coco.json"),
        (lambda images: images[0].update(filepath={}), "image 0 of dataset_coco.json"),
        (lambda images: images[0].update(filename="../val2014/x.jpg"), "0"),
        (lambda images: images[0].update(filename="/etc/passwd"), "0"),
        (lambda images: images.insert(0, 7), "image 0 of dataset_coco.json"),
        (lambda images: images.append(images[0]), "0"),
    ],
)
def test_hostile_entries_are_skipped_and_named(tmp_path: Path, change: Callable[[list[Any]], None], name: str) -> None:
    directory = write_coco(tmp_path / "coco")
    edit_images(directory, change)
    found = read("en", directory)
    assert [one.id for one in found.skipped] == [name]
    assert len({record.id for record in found.records}) == len(found.records)
    assert {record.image.parent.parent for record in found.records} == {directory}


@pytest.mark.parametrize("caption", [None, 7, "\ud800", "\n", []])
def test_a_caption_that_is_no_text_is_none(tmp_path: Path, caption: Any) -> None:
    directory = write_coco(tmp_path / "coco")
    path = directory / "annotations" / "captions_train2014.json"
    edit(path, lambda content: [one.update(caption=caption) for one in content["annotations"] if one["id"] < 100])
    found = read("en", directory)
    assert [(one.id, one.reason) for one in found.skipped] == [("0", "no captions")]
