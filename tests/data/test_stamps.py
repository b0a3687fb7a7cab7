import os
from dataclasses import dataclass
from pathlib import Path

import pytest

from gap.data.records import ImageFile, Record
from gap.data.stamps import file_stamp, stamps_key


def records(directory: Path, number: int = 3) -> list[Record]:
    made = []
    for index in range(number):
        path = directory / f"{index}.png"
        path.write_bytes(b"content")
        made.append(Record(str(index), ("a",), str(index), path))
    return made


@pytest.fixture
def _settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gap.data.stamps.SETTLED_NS", -(10**9))


@pytest.mark.usefixtures("_settled")
def test_the_key_follows_ids_sizes_and_times(tmp_path: Path) -> None:
    made = records(tmp_path)
    keys = [stamps_key(made, 1), stamps_key(made, 2), stamps_key(made[:2], 1), stamps_key(made[::-1], 1)]
    (tmp_path / "1.png").write_bytes(b"longer content")
    keys.append(stamps_key(made, 1))
    before = file_stamp(tmp_path / "2.png")
    (tmp_path / "2.png").write_bytes(b"CONTENT")
    os.utime(tmp_path / "2.png", ns=(before[0], before[0]))  # as copying with kept dates leaves it
    assert file_stamp(tmp_path / "2.png")[::2] == before[::2]
    keys.append(stamps_key(made, 1))
    assert None not in keys
    assert len(set(keys)) == len(keys)
    assert stamps_key(made, 1) == keys[-1]


def test_what_was_just_written_is_not_trusted(tmp_path: Path) -> None:
    assert stamps_key(records(tmp_path)) is None


@pytest.mark.usefixtures("_settled")
def test_what_cannot_be_looked_at_is_not_trusted(tmp_path: Path) -> None:
    made = records(tmp_path)
    (tmp_path / "1.png").unlink()
    assert stamps_key(made) is None
    (tmp_path / "1.png").mkdir()
    assert stamps_key(made) is None


@dataclass(frozen=True)
class Bytes:
    name: str = "a.png"
    suffix: str = ".png"

    def read_bytes(self) -> bytes:
        return b""


@pytest.mark.usefixtures("_settled")
def test_an_image_without_a_stamp_is_not_trusted() -> None:
    assert isinstance(Bytes(), ImageFile)
    assert stamps_key([Record("1", ("a",), "1", Bytes())]) is None
