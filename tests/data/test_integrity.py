import json
import os
from pathlib import Path

import pytest

from gap.data.integrity import DIGESTS, build_intact, changed_file, is_intact


def fill(part: Path) -> None:
    (part / "images.npy").write_bytes(bytes(range(256)) * 40)
    (part / "captions.json").write_text("{}")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    assert build_intact(tmp_path / "cached", fill)
    return tmp_path / "cached"


def flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(1000)
        file.write(b"\xff")


def test_what_is_whole_is_not_made_again(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert is_intact(built)
    assert not build_intact(built, fill)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("name", ["images.npy", "captions.json"])
@pytest.mark.parametrize("how", ["other bytes", "cut short", "missing"])
def test_what_has_changed_is_said_and_made_again(
    built: Path, name: str, how: str, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = (built / name).read_bytes()
    if how == "other bytes":
        (built / name).write_bytes(b"?" * len(whole))
    elif how == "cut short":
        os.truncate(built / name, len(whole) // 2)
    else:
        (built / name).unlink()
    assert changed_file(built) == name
    assert build_intact(built, fill)
    assert (built / name).read_bytes() == whole
    assert is_intact(built)
    told = capsys.readouterr().err.splitlines()
    assert told == [f"{built / name} is not what was written there: cached is made again"]


def test_digests_that_cannot_be_read_are_made_again_with_the_rest(built: Path) -> None:
    for text in ("", "[1]", '{"images.npy": {}}'):
        (built / DIGESTS).write_text(text)
        assert changed_file(built) is not None
        assert build_intact(built, fill)
        assert is_intact(built)


def test_a_file_that_was_only_touched_is_read_once(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.utime(built / "images.npy", ns=(5, 5))
    assert is_intact(built)
    assert json.loads((built / DIGESTS).read_text())["images.npy"]["changed"] == 5
    monkeypatch.setattr("gap.data.integrity._sha256", None)  # would be an error to call
    assert is_intact(built)


def test_a_bit_that_turns_by_itself_is_found_by_reading_everything(built: Path) -> None:
    before = (built / "images.npy").stat()
    flip(built / "images.npy")
    os.utime(built / "images.npy", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed_file(built) is None
    assert changed_file(built, thorough=True) == "images.npy"


def test_a_directory_of_an_earlier_version_is_taken_as_it_is(built: Path) -> None:
    (built / DIGESTS).unlink()
    assert is_intact(built)
    assert not build_intact(built, fill)


def test_nothing_is_intact_where_there_is_nothing(tmp_path: Path) -> None:
    assert not is_intact(tmp_path / "none")
    assert changed_file(tmp_path / "none") is None
