import threading
from pathlib import Path

import pytest
from filelock import FileLock

from gap.data.cache import build_once, build_resumable, default_cache, remove_dead_parts
from gap.errors import UserError


def fill(part: Path) -> None:
    (part / "file").write_text("whole")


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir() if not path.name.endswith(".lock"))


def test_the_directory_is_made_once(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "target"
    assert build_once(target, fill)
    assert (target / "file").read_text() == "whole"
    assert not build_once(target, lambda part: pytest.fail("filled again"))
    assert names(target.parent) == ["target"]


def test_a_directory_that_is_not_whole_is_made_again(tmp_path: Path) -> None:
    def is_whole(directory: Path) -> bool:
        return (directory / "file").is_file() and (directory / "file").read_text() == "whole"

    target = tmp_path / "target"
    target.mkdir()
    (target / "file").write_text("ha")
    (target / "other").write_text("")
    assert build_once(target, fill, is_whole=is_whole)
    assert names(target) == ["file"]
    assert not build_once(target, lambda part: pytest.fail("filled again"), is_whole=is_whole)


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_what_fails_leaves_nothing_and_can_be_repeated(tmp_path: Path, error: type[BaseException]) -> None:
    def fail(part: Path) -> None:
        fill(part)
        raise error("stopped")

    with pytest.raises(error, match="stopped"):
        build_once(tmp_path / "target", fail)
    assert names(tmp_path) == []
    assert build_once(tmp_path / "target", fill)


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    def fail(part: Path) -> None:
        fill(part)
        raise OSError(28, "No space left on device")

    with pytest.raises(UserError, match=r"^cannot write to the cache directory .*: No space left on device$"):
        build_once(tmp_path / "target", fail)
    assert names(tmp_path) == []


def test_a_cache_that_cannot_be_written_to_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"^cannot write to the cache directory .*file.*: "):
        build_once(tmp_path / "file" / "images" / "target", fill)


def test_what_a_killed_process_left_does_not_reach_the_result(tmp_path: Path) -> None:
    (tmp_path / "target.part").mkdir()
    (tmp_path / "target.part" / "half").write_text("ha")
    assert build_once(tmp_path / "target", fill)
    assert names(tmp_path) == ["target"]
    assert names(tmp_path / "target") == ["file"]


def test_a_second_one_waits_and_finds_the_result(tmp_path: Path) -> None:
    started, may_end, filled = threading.Event(), threading.Event(), []

    def slow(part: Path) -> None:
        filled.append(part)
        started.set()
        assert may_end.wait(10)
        fill(part)

    outcomes: list[bool] = []
    first = threading.Thread(target=lambda: outcomes.append(build_once(tmp_path / "target", slow)))
    second = threading.Thread(target=lambda: outcomes.append(build_once(tmp_path / "target", slow)))
    first.start()
    assert started.wait(10)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    may_end.set()
    first.join(10)
    second.join(10)
    assert sorted(outcomes) == [False, True]
    assert len(filled) == 1


def test_dead_parts_are_removed_and_living_ones_kept(tmp_path: Path) -> None:
    for name in ("dead.part", "living.part", "finished"):
        (tmp_path / name).mkdir()
        fill(tmp_path / name)
    with FileLock(tmp_path / ".living.lock"):
        remove_dead_parts(tmp_path)
    assert names(tmp_path) == ["finished", "living.part"]
    remove_dead_parts(tmp_path)
    assert names(tmp_path) == ["finished"]


def test_a_part_that_cannot_be_locked_stays(tmp_path: Path) -> None:
    (tmp_path / "dead.part").mkdir()
    (tmp_path / ".dead.lock").mkdir()
    remove_dead_parts(tmp_path)
    assert names(tmp_path) == ["dead.part"]


def test_a_directory_that_is_not_there_has_no_parts(tmp_path: Path) -> None:
    remove_dead_parts(tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()


def test_the_default_follows_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", "~/pictures")
    assert default_cache() == Path.home() / "pictures"
    for unset in ("", None):
        monkeypatch.delenv("MODALITY_GAP_CACHE", raising=False)
        if unset is not None:
            monkeypatch.setenv("MODALITY_GAP_CACHE", unset)
        assert default_cache().name == "modality-gap"
        assert default_cache().is_absolute()


def resumed(directory: Path, found: list[str], end: BaseException | None = None) -> Path:
    """Go on in ``begun.part``: a file more at every call; the result is ``target``, known once it is there."""
    target = directory / "target"

    def fill_more(part: Path) -> Path:
        found.extend(names(part))
        (part / str(len(names(part)))).write_text("")
        if end is not None:
            raise end
        return target

    return build_resumable(directory / "begun", lambda: target if target.is_dir() else None, fill_more)


@pytest.mark.parametrize("end", [KeyboardInterrupt(), MemoryError(), ValueError("a fault of ours")])
def test_what_is_interrupted_is_gone_on_with(tmp_path: Path, end: BaseException) -> None:
    found: list[str] = []
    with pytest.raises(type(end)):
        resumed(tmp_path, found, end)
    assert names(tmp_path) == ["begun.part"]
    assert resumed(tmp_path, found) == tmp_path / "target"
    assert found == ["0"]
    assert names(tmp_path) == ["target"]
    assert resumed(tmp_path, found) == tmp_path / "target"
    assert found == ["0"]


def test_on_a_full_disk_what_is_done_stays(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^cannot write to the cache directory .*: No space left on device$"):
        resumed(tmp_path, [], OSError(28, "No space left on device"))
    assert names(tmp_path / "begun.part") == ["0"]


def test_what_is_wrong_with_the_data_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="2 of 100"):
        resumed(tmp_path, [], UserError("2 of 100 records are unusable"))
    assert names(tmp_path) == []


def test_two_ways_to_one_end(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    fill(target)
    assert build_resumable(tmp_path / "begun", lambda: None, lambda part: target) == target
    assert names(tmp_path) == ["target"]
    assert names(target) == ["file"]


def test_dead_parts_to_keep_are_kept(tmp_path: Path) -> None:
    for name in ("dead.part", "resumable.part"):
        (tmp_path / name).mkdir()
    remove_dead_parts(tmp_path, keep=lambda part: part.name.startswith("resumable"))
    assert names(tmp_path) == ["resumable.part"]
