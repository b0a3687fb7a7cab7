import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.data.whole_files import replace_file
from study.whole_files import GrowingFile


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


def write(file: GrowingFile, path: Path, text: bytes) -> None:
    """Write as a table does: grow where that is all, and replace otherwise."""
    held = path.read_bytes() if path.exists() else None
    if held is None or not text.startswith(held) or not file.grow(text[len(held) :]):
        file.replace(text)


texts = st.lists(st.tuples(st.booleans(), st.binary(max_size=3)), min_size=1, max_size=12)


@given(texts)
def test_the_file_holds_what_was_written_last_whether_it_grew_or_changed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[bool, bytes]]
) -> None:
    directory = tmp_path_factory.mktemp("file")
    file, text = GrowingFile(directory / "a.csv"), b""
    for grows, part in steps:
        text = text + part if grows else part
        write(file, directory / "a.csv", text)
        assert (directory / "a.csv").read_bytes() == text
    file.replace(b"")
    assert names(directory) == ["a.csv"]


def test_whoever_reads_while_it_grows_reads_one_whole_text(tmp_path: Path) -> None:
    file = GrowingFile(tmp_path / "a.csv")
    file.replace(b"one\n")
    assert file.grow(b"two\n")
    with (tmp_path / "a.csv").open("rb") as reader:
        assert file.grow(b"three\n")
        assert reader.read() == b"one\ntwo\n"
    assert (tmp_path / "a.csv").read_bytes() == b"one\ntwo\nthree\n"


def test_what_grows_is_not_written_again(tmp_path: Path) -> None:
    file, seen = GrowingFile(tmp_path / "a.csv"), set()
    file.replace(b"row\n")
    for _ in range(8):
        assert file.grow(b"row\n")
        seen.add((tmp_path / "a.csv").stat().st_ino)
    assert len(seen) == 2  # the two copies


@pytest.mark.parametrize("written", [0, 1, 2])
def test_interrupted_while_it_grows_the_file_stays_and_the_next_write_mends_all(
    tmp_path: Path, written: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.csv"
    file = GrowingFile(path)
    for rows in range(1, written + 2):
        write(file, path, b"row\n" * rows)
    held = path.read_bytes()
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda self, target: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        file.grow(b"new\n")
    assert path.read_bytes() == held
    monkeypatch.setattr(Path, "replace", replace)
    for text in (held + b"new\n", held + b"new\nnewer\n", b"other\n"):
        write(file, path, text)
        assert path.read_bytes() == text
    assert names(tmp_path) == ["a.csv"]


def test_a_killed_process_leaves_copies_that_the_next_one_clears_away(tmp_path: Path) -> None:
    for left in (".a.csv.next", ".a.csv.held"):
        (tmp_path / left).write_bytes(b"ro")
    write(GrowingFile(tmp_path / "a.csv"), tmp_path / "a.csv", b"row\n")
    assert names(tmp_path) == ["a.csv"]


def test_without_links_and_without_the_file_it_is_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.csv"
    file = GrowingFile(path)
    assert not file.grow(b"row\n")
    file.replace(b"row\n")
    path.unlink()
    assert not file.grow(b"row\n")
    file.replace(b"row\nrow\n")
    assert path.read_bytes() == b"row\nrow\n"

    def no_links(source: Path, target: Path) -> None:
        raise PermissionError("operation not permitted")

    monkeypatch.setattr(os, "link", no_links)
    assert not file.grow(b"row\n")
    file.replace(b"row\nrow\nrow\n")
    assert path.read_bytes() == b"row\nrow\nrow\n"
    assert names(tmp_path) == ["a.csv"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.csv"
    replace_file(path, lambda temporary: temporary.write_text("old"))

    def fail(temporary: Path) -> None:
        temporary.write_text("ha")
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space left"):
        replace_file(path, fail)
    assert path.read_text() == "old"
    assert names(path.parent) == ["a.csv"]
