import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from local_copy import picture

from gap.data import images
from gap.data.images import ARRAY, LEFT_OUT, file_digests, images_key, write_images
from gap.data.pixels import decode
from gap.data.records import Record, Skipped
from gap.errors import UserError

HTML = b"<html>not found</html>"


def make_records(directory: Path, number: int, **replaced: bytes) -> list[Record]:
    """``number`` records with a picture each; ``_3=data`` replaces that of record 3."""
    records = []
    for index in range(number):
        path = directory / f"{index}.png"
        path.write_bytes(replaced.get(f"_{index}", picture(index)))
        records.append(Record(str(index), (f"word {index}",), str(index), path))
    return records


def write(directory: Path, records: list[Record], *, already_skipped: int = 0) -> tuple[np.ndarray, list[dict]]:
    directory.mkdir()
    write_images(
        directory,
        records,
        file_digests(records),
        name="arasaac",
        image_size=6,
        already_skipped=[Skipped(f"s{index}", "no keywords") for index in range(already_skipped)],
        progress=False,
    )
    return np.load(directory / ARRAY), json.loads((directory / LEFT_OUT).read_text())


def test_rows_follow_the_records(tmp_path: Path) -> None:
    array, skipped = write(tmp_path / "out", make_records(tmp_path, 30))
    assert array.dtype == np.uint8
    expected = np.stack([decode(picture(index), ".png", 6) for index in range(30)])
    np.testing.assert_array_equal(array, expected)
    assert skipped == []


def test_an_image_that_cannot_be_decoded_is_named_and_its_row_closed(tmp_path: Path) -> None:
    records = make_records(tmp_path, 200, _7=HTML, _199=picture(199)[:40])
    array, skipped = write(tmp_path / "out", records)
    good = [index for index in range(200) if index not in {7, 199}]
    np.testing.assert_array_equal(array, np.stack([decode(picture(index), ".png", 6) for index in good]))
    assert [one["id"] for one in skipped] == ["7", "199"]
    assert skipped[0]["reason"].startswith("7.png: not an image")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [ARRAY, LEFT_OUT]


def test_more_than_one_per_cent_stops(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^arasaac: 1 of 99 records are unusable.*5 \(5\.png: the file is empty\)$"):
        write(tmp_path / "out", make_records(tmp_path, 99, _5=b""))


@pytest.mark.parametrize(("records", "already_skipped"), [(200, 1), (199, 2), (101, 1)])
def test_those_skipped_before_count(tmp_path: Path, records: int, already_skipped: int) -> None:
    made = make_records(tmp_path, records, _5=b"")
    if already_skipped + 1 <= (records + already_skipped) / 100:
        assert len(write(tmp_path / "out", made, already_skipped=already_skipped)[0]) == records - 1
    else:
        with pytest.raises(UserError, match=f"{already_skipped + 1} of {records + already_skipped} records"):
            write(tmp_path / "out", made, already_skipped=already_skipped)


def test_digests_leave_out_what_cannot_be_read(tmp_path: Path) -> None:
    records = make_records(tmp_path, 3)
    records[1].image.unlink()
    records[2].image.unlink()
    records[2].image.mkdir()
    assert list(file_digests(records)) == ["0"]


def test_the_key_changes_with_all_that_decides_the_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = make_records(tmp_path, 3)
    digests = file_digests(records)
    keys = {images_key(digests, 8), images_key(digests, 9), images_key(dict(reversed(digests.items())), 8)}
    records[0].image.write_bytes(picture(9))
    keys |= {images_key(file_digests(records), 8), images_key(file_digests(records[1:]), 8)}
    monkeypatch.setattr(images, "VERSION", images.VERSION + 1)
    keys.add(images_key(digests, 8))
    assert len(keys) == 6


def test_the_key_is_pinned() -> None:
    # A change here makes every cached array and every published data hash another: intended, or a fault.
    written = b'[1, 224, [["1", "ab"], ["2", "cd"]]]'
    assert images_key({"1": "ab", "2": "cd"}, 224) == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize("change", ["content", "gone"])
def test_a_file_that_changes_meanwhile(tmp_path: Path, change: str) -> None:
    records = make_records(tmp_path, 2)
    digests = file_digests(records)
    if change == "gone":
        records[1].image.unlink()
    else:
        records[1].image.write_bytes(picture(77))
    with pytest.raises(UserError, match=r"1\.png changed while it was being prepared"):
        write_images(tmp_path, records, digests, name="n", image_size=4, already_skipped=[], progress=False)


def test_too_little_memory_is_no_property_of_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode_without_memory(data: bytes, suffix: str, size: int) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(images, "decode", decode_without_memory)
    with pytest.raises(MemoryError):
        write(tmp_path / "out", make_records(tmp_path, 200))


def test_a_full_disk_is_found_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 6 * 6 * 5 - 1))
    with pytest.raises(UserError, match=r"the images need 0 MB, but only 0 MB are free"):
        write(tmp_path / "out", make_records(tmp_path, 5))
    assert list((tmp_path / "out").iterdir()) == []
