import hashlib
import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from local_copy import picture

from gap.data import digests, images
from gap.data.digests import file_digests, images_key
from gap.data.images import ARRAY, LEFT_OUT, UnreadableError, write_images
from gap.data.journal import JOURNAL
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


def write(
    directory: Path, records: list[Record], *, already_skipped: int = 0, hashed: bool = True
) -> tuple[np.ndarray, list[dict]]:
    directory.mkdir(exist_ok=True)
    write_images(
        directory,
        records,
        file_digests(records) if hashed else None,
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
    with pytest.raises(UserError, match=r"^arasaac: 1 of 99 images are unusable.*5 \(5\.png: the file is empty\)$"):
        write(tmp_path / "out", make_records(tmp_path, 99, _5=b""))


@pytest.mark.parametrize(("records", "already_skipped"), [(200, 1), (199, 2), (101, 1)])
def test_those_skipped_before_count(tmp_path: Path, records: int, already_skipped: int) -> None:
    made = make_records(tmp_path, records, _5=b"")
    if already_skipped + 1 <= (records + already_skipped) / 100:
        assert len(write(tmp_path / "out", made, already_skipped=already_skipped)[0]) == records - 1
    else:
        with pytest.raises(UserError, match=f"{already_skipped + 1} of {records + already_skipped} images"):
            write(tmp_path / "out", made, already_skipped=already_skipped)


def test_digests_leave_out_what_cannot_be_read(tmp_path: Path) -> None:
    records = make_records(tmp_path, 3)
    records[1].image.unlink()
    records[2].image.unlink()
    records[2].image.mkdir()
    assert file_digests(records).tolist() == [hashlib.sha256(picture(0)).hexdigest().encode(), b"", b""]


def test_the_key_changes_with_all_that_decides_the_pixels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = make_records(tmp_path, 3)
    keys = {images_key(records, file_digests(records), size) for size in (8, 9)}
    keys.add(images_key(records[::-1], file_digests(records[::-1]), 8))
    records[0].image.write_bytes(picture(9))
    keys |= {images_key(some, file_digests(some), 8) for some in (records, records[1:])}
    monkeypatch.setattr(digests, "VERSION", digests.VERSION + 1)
    keys.add(images_key(records[1:], file_digests(records[1:]), 8))
    assert len(keys) == 6


def test_the_key_is_pinned() -> None:
    # A change here makes every cached array and every published data hash another: intended, or a fault.
    written = b'[1, 224, [["1", "ab"], ["2", "cd"]]]'
    records = [Record(name, ("a",), name, Path(name)) for name in ("1", "unreadable", "2")]
    assert images_key(records, np.array(["ab", "", "cd"], dtype="S64"), 224) == hashlib.sha256(written).hexdigest()


@pytest.mark.parametrize("change", ["content", "gone"])
def test_a_file_that_changes_meanwhile(tmp_path: Path, change: str) -> None:
    records = make_records(tmp_path, 2)
    hashes = file_digests(records)
    if change == "gone":
        records[1].image.unlink()
    else:
        records[1].image.write_bytes(picture(77))
    with pytest.raises(UserError, match=r"1\.png changed while it was being prepared"):
        write_images(tmp_path, records, hashes, name="n", image_size=4, already_skipped=[], progress=False)


def test_too_little_memory_is_no_property_of_the_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def decode_without_memory(data: bytes, suffix: str, size: int) -> np.ndarray:
        raise MemoryError

    monkeypatch.setattr(images, "decode", decode_without_memory)
    with pytest.raises(MemoryError):
        write(tmp_path / "out", make_records(tmp_path, 200))


def test_a_full_disk_is_found_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 6 * 6 * 5 - 1))
    with pytest.raises(OSError, match=r"the images need 0 MB, but only 0 MB are free"):
        write(tmp_path / "out", make_records(tmp_path, 5))
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.parametrize("hashed", [True, False])
def test_hashed_before_or_meanwhile_it_is_the_same(tmp_path: Path, hashed: bool) -> None:
    records = make_records(tmp_path, 300, _7=HTML, _199=picture(199)[:40])
    expected = write(tmp_path / "expected", records)
    array, skipped = write(tmp_path / "out", records, hashed=hashed)
    np.testing.assert_array_equal(array, expected[0])
    assert skipped == expected[1]
    assert (tmp_path / "out" / ARRAY).read_bytes() == (tmp_path / "expected" / ARRAY).read_bytes()


def test_a_file_that_cannot_be_read_meanwhile_is_no_users_error(tmp_path: Path) -> None:
    records = make_records(tmp_path, 3)
    records[1].image.unlink()
    with pytest.raises(UnreadableError, match=r"1\.png: No such file"):
        write(tmp_path / "out", records, hashed=False)


def interrupted(directory: Path, records: list[Record], after: int, monkeypatch: pytest.MonkeyPatch) -> int:
    """Stop after so many decoded images; gives how many were begun."""
    calls: list[int] = []

    def count(data: bytes, suffix: str, size: int) -> np.ndarray:
        calls.append(1)
        if len(calls) > after:
            raise MemoryError
        return decode(data, suffix, size)

    with monkeypatch.context() as patch:
        patch.setattr(images, "decode", count)
        patch.setattr("os.cpu_count", lambda: 1)  # one chunk after another
        if after < len(records):
            with pytest.raises(MemoryError):
                write(directory, records)
        else:
            write(directory, records)
    return min(len(calls), after)


@pytest.mark.parametrize(
    "damage", ["none", "torn line", "other rows", "shorter array", "no array", "other images", "HTML"]
)
def test_it_goes_on_behind_the_last_whole_chunk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    records = make_records(tmp_path, 400, _7=HTML)
    expected = write(tmp_path / "expected", records)
    out = tmp_path / "out"
    interrupted(out, records, 256, monkeypatch)
    lines = (out / JOURNAL).read_text().splitlines(keepends=True)
    assert len(lines) == 1 + 256 // 64
    if damage == "torn line":
        (out / JOURNAL).write_text("".join(lines)[:-20])
    elif damage == "other rows":
        content = bytearray((out / ARRAY).read_bytes())
        content[128] ^= 1
        (out / ARRAY).write_bytes(content)
    elif damage == "shorter array":
        (out / ARRAY).write_bytes((out / ARRAY).read_bytes()[:10_000])
    elif damage == "no array":
        (out / ARRAY).unlink()
    elif damage == "other images":
        (out / JOURNAL).write_text("[1, 2, 3]\n" + "".join(lines[1:]))
    elif damage == "HTML":
        (out / JOURNAL).write_bytes(HTML + b"\xff")
    begun = interrupted(out, records, 10_000, monkeypatch)
    assert begun == 400 - 64 * {"none": 4, "torn line": 3, "shorter array": 1}.get(damage, 0)
    array, skipped = np.load(out / ARRAY), json.loads((out / LEFT_OUT).read_text())
    np.testing.assert_array_equal(array, expected[0])
    assert skipped == expected[1]
    assert sorted(path.name for path in out.iterdir()) == [ARRAY, LEFT_OUT]


def test_the_free_space_is_that_for_what_is_still_to_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = make_records(tmp_path, 200)
    interrupted(tmp_path / "out", records, 140, monkeypatch)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3 * 6 * 6 * 199))
    with pytest.raises(OSError, match="the images need"):
        write(tmp_path / "other", records)
    write(tmp_path / "out", records)
