import json
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from local_copy import picture

from gap.data.huggingface.catalogue import read
from gap.data.records import Skipped
from gap.errors import UserError

datasets = pytest.importorskip("datasets")


@pytest.fixture(autouse=True)
def _quiet() -> None:
    datasets.disable_progress_bars()


def make(start: int, stop: int, column: str = "caption", **changes: Any) -> Any:
    numbers = range(start, stop)
    images = [{"bytes": picture(number), "path": None} for number in numbers]
    content = {"image": images, column: [f"caption {number // 2}" for number in numbers]} | changes
    several = isinstance(content[column][0], list)
    text = datasets.Value("string")
    kinds = datasets.Features({"image": datasets.Image(), column: datasets.Sequence(text) if several else text})
    return datasets.Dataset.from_dict(content, features=kinds)


@pytest.mark.parametrize("column", ["caption", "captions", "text", "sentences"])
def test_a_dataset_on_disk_is_read(column: str, tmp_path: Path) -> None:
    make(0, 20, column).save_to_disk(tmp_path / "saved", num_shards=3)
    found = read("en", tmp_path / "saved")
    for number, record in enumerate(found.records):
        assert (record.id, record.captions) == (f"row/{number:09d}", (f"caption {number // 2}",))
        assert record.image.read_bytes() == picture(number)
        assert record.group == f"row/{number // 2 * 2:09d}"
    assert (len(found.records), found.skipped) == (20, [])


def test_several_captions_and_rows_without_one(tmp_path: Path) -> None:
    make(0, 3, caption=[["a", " b "], ["", None], ["c", ""]]).save_to_disk(tmp_path / "saved")
    found = read("en", tmp_path / "saved")
    assert [record.captions for record in found.records] == [("a", "b"), ("c",)]
    assert found.skipped == [
        Skipped("row/000000001", "no caption", images=1, captions=2),
        Skipped("row/000000002", "1 of 2 captions are empty or no text", images=0, captions=1),
    ]
    assert found.records[1].image.read_bytes() == picture(2)


def test_captions_that_are_no_texts_are_named(tmp_path: Path) -> None:
    good, odd = make(0, 2), make(2, 4).remove_columns("caption").add_column("caption", [0, 1])
    odd.save_to_disk(tmp_path / "saved")
    assert len(good) == len(odd)
    with pytest.raises(UserError, match=r"is left: row/000000000: expected a text as the caption, got int$"):
        read("en", tmp_path / "saved")


def test_parts_give_the_split(tmp_path: Path) -> None:
    parts = {"train": make(0, 4), "validation": make(4, 6), "test": make(6, 8)}
    datasets.DatasetDict(parts).save_to_disk(tmp_path / "saved")
    found = read("en", tmp_path / "saved")
    assert [(record.id, record.split) for record in found.records] == [
        *((f"test/{n:09d}", "test") for n in range(2)),
        *((f"train/{n:09d}", "train") for n in range(4)),
    ]
    assert [record.image.read_bytes() for record in found.records] == [picture(n) for n in (6, 7, 0, 1, 2, 3)]


def test_an_image_that_is_a_path_is_never_opened(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(1))
    make(0, 2).save_to_disk(tmp_path / "saved")
    (path,) = (tmp_path / "saved").glob("*.arrow")
    with pa.ipc.open_stream(path.read_bytes()) as stream:
        table = stream.read_all()
    rows = table.to_pylist()
    rows[1]["image"] = {"bytes": None, "path": str(tmp_path / "secret.png")}
    changed = pa.Table.from_pylist(rows, schema=table.schema)
    with pa.ipc.new_stream(path, changed.schema) as stream:  # a stranger may have written anything
        stream.write_table(changed)
    found = read("en", tmp_path / "saved")
    with pytest.raises(OSError, match="holds no bytes of this image"):
        found.records[1].image.read_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: {"train": make(0, 2), "other": make(2, 4)}, r"part 'other': expected train, test or val$"),
        (lambda: {"train": make(0, 2)}, "the split leaves no images for test$"),
        (lambda: make(0, 2, "words"), r"expected columns image \(Image\) and one of .*got image \(Image\), words"),
        (lambda: make(0, 2).remove_columns("image"), r"expected columns image .*got caption \(Value\)$"),
        (lambda: make(0, 2).add_column("text", ["a", "b"]), "expected columns image"),
        (
            lambda: make(0, 2).remove_columns("image").add_column("image", [picture(0), picture(1)]),
            r"got caption \(Value\), image \(Value\); make image one with cast_column\('image', datasets\.Image",
        ),
    ],
)
def test_other_parts_and_columns_are_one_line(content: Any, message: str, tmp_path: Path) -> None:
    made = content()
    (datasets.DatasetDict(made) if isinstance(made, dict) else made).save_to_disk(tmp_path / "saved")
    with pytest.raises(UserError, match=rf"^huggingface: .*{message}") as caught:
        read("en", tmp_path / "saved")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["state.json", "dataset_info.json", "data-00000-of-00001.arrow"])
@pytest.mark.parametrize("content", [None, b"", b"{", b"\xff\x00" * 99])
def test_a_damaged_directory_is_one_line(file: str, content: bytes | None, tmp_path: Path) -> None:
    make(0, 4).save_to_disk(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(UserError, match=r"^huggingface: cannot read ") as caught:
        read("en", tmp_path)
    assert "\n" not in str(caught.value)


def test_data_files_elsewhere_are_not_read(tmp_path: Path) -> None:
    make(0, 4).save_to_disk(tmp_path / "other")
    make(0, 4).save_to_disk(tmp_path / "saved")
    state = json.loads((tmp_path / "saved" / "state.json").read_text())
    state["_data_files"] = [{"filename": "../other/data-00000-of-00001.arrow"}]
    (tmp_path / "saved" / "state.json").write_text(json.dumps(state))
    with pytest.raises(UserError, match=r"^huggingface: .*outside"):
        read("en", tmp_path / "saved")


def test_what_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match=r"^huggingface: no data; give --data-dir DIR; expected a dataset as"):
        read("en", None)
    with pytest.raises(UserError, match=r"^huggingface: .*nowhere is not a directory; expected"):
        read("en", tmp_path / "nowhere")
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UserError, match=r'needs the package datasets; run: pip install -e "\.\[hf\]"$'):
        read("en", tmp_path)
