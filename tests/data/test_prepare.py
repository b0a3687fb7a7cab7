import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from local_copy import contents, palette_picture, picture, write_copy

from gap.data import DATASETS, PairDataset, is_at_hand, open_dataset, prepare
from gap.data.dataset import CAPTIONS, IMAGES, SPLITS
from gap.data.pixels import decode
from gap.data.splits import split_groups
from gap.errors import UserError

GIF = bytes.fromhex("47494638396101000100800000ffffff00000021f90401000000002c00000000010001000002024401003b")
HTML = b"<!DOCTYPE html><html>not found</html>"


def run(copy: Path | None, cache: Path, **changes: Any) -> Path:
    given: dict[str, Any] = {"dataset": "arasaac", "language": "es", "image_size": 6, "progress": False} | changes
    return prepare(given.pop("dataset"), data_dir=copy, cache_dir=cache, **given)


def opened(copy: Path, cache: Path, **changes: Any) -> PairDataset:
    return open_dataset(run(copy, cache, **changes))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def test_images_captions_and_split_are_what_the_source_says(tmp_path: Path, cache: Path) -> None:
    words = {number: [f"palabra {number // 2}", "sol"][: 1 + (number == 40)] for number in range(41)}
    dataset = opened(write_copy(tmp_path / "copy", words, pictures={5: palette_picture()}), cache)
    assert (dataset.name, dataset.language) == ("arasaac", "es")
    assert "Sergio Palao" in dataset.licence
    assert "CC BY-NC-SA" in dataset.licence
    assert dataset.ids == [str(number) for number in range(41)]
    assert dataset.captions[1] == ["Una imagen de palabra 0"]
    assert dataset.captions[40] == ["Una imagen de palabra 20, sol"]
    files = [palette_picture() if number == 5 else picture(number) for number in range(41)]
    np.testing.assert_array_equal(dataset.images, np.stack([decode(data, ".png", 6) for data in files]))
    train, test = split_groups([str(number // 2 * 2) for number in range(41)])
    assert dataset.train.tolist() == train.tolist()
    assert dataset.test.tolist() == test.tolist()


def test_the_path_is_absolute_whatever_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    prepared = run(write_copy(tmp_path / "copy"), Path("cache"))
    assert prepared.is_absolute()
    assert prepared.is_relative_to(tmp_path / "cache")


def test_another_prompt_gives_another_dataset(tmp_path: Path, cache: Path) -> None:
    copy = write_copy(tmp_path / "copy")
    own, other = opened(copy, cache), opened(copy, cache, prompt="Dibujo de {}")
    assert other.captions[0] == ["Dibujo de palabra 0"]
    assert own.data_hash != other.data_hash
    assert opened(copy, cache, prompt="Una imagen de {}").data_hash == own.data_hash


def test_the_split_is_written_with_its_seed(tmp_path: Path, cache: Path) -> None:
    prepared = run(write_copy(tmp_path / "copy"), cache)
    split = json.loads((prepared / SPLITS).read_text())
    assert {key: split[key] for key in ("format", "seed", "test_fraction")} == {
        "format": 1,
        "seed": 0,
        "test_fraction": 0.2,
    }
    assert sorted(split["train"] + split["test"]) == list(range(6))


def test_the_hashes_depend_on_the_content_only(tmp_path: Path, cache: Path) -> None:
    first = opened(write_copy(tmp_path / "copy"), cache)
    second = opened(write_copy(tmp_path / "elsewhere" / "other name"), tmp_path / "other cache")
    assert (first.data_hash, first.split_hash) == (second.data_hash, second.split_hash)


def test_the_hashes_are_pinned(tmp_path: Path, cache: Path) -> None:
    # Published results carry them: a change here makes those incomparable. A fixed GIF, since encoders differ.
    dataset = opened(write_copy(tmp_path / "copy", pictures=dict.fromkeys(range(6), GIF)), cache)
    assert dataset.data_hash[:16] == "b7c4cdfdf2dda39e"
    assert dataset.split_hash[:16] == "acf7dea614662fff"


def test_nothing_is_done_twice(tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    copy = write_copy(tmp_path / "copy")
    prepared = run(copy, cache, progress=True)
    assert capsys.readouterr().err == "arasaac: preparing images at 6 pixels: 6\n"
    before = {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.suffix != ".lock"}
    assert run(copy, cache, progress=True) == prepared
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*") if path.suffix != ".lock"} == before
    assert capsys.readouterr().err == ""


def test_a_prepared_dataset_is_found_in_a_cache_that_cannot_be_written_to(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = write_copy(tmp_path / "copy")
    prepared = run(copy, cache)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert run(copy, cache) == prepared


def test_changes_give_a_new_directory_and_the_old_one_stays(tmp_path: Path, cache: Path) -> None:
    copy = write_copy(write_copy(tmp_path / "copy"), {number: [f"word {number}"] for number in range(6)}, language="en")
    seen = {run(copy, cache): "first", run(copy, cache, image_size=7): "size", run(copy, cache, language="en"): "en"}
    (copy / "images" / "3.png").write_bytes(picture(99))
    seen[run(copy, cache)] = "picture"
    write_copy(copy, {number: [f"palabra {number}", "más"][: 1 + (number == 2)] for number in range(6)})
    seen[run(copy, cache)] = "keyword"
    write_copy(copy, 7)
    seen[run(copy, cache)] = "record"
    write_copy(copy, 6)
    assert seen[run(copy, cache)] == "first"
    datasets = {path: open_dataset(path) for path in seen}
    assert len(datasets) == len({dataset.data_hash for dataset in datasets.values()}) == 6


def test_what_is_written_beside_the_data_is_part_of_the_key(
    tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = write_copy(tmp_path / "copy")
    before = run(copy, cache)
    monkeypatch.setitem(DATASETS, "arasaac", replace(DATASETS["arasaac"], licence="corrected"))
    after = run(copy, cache)
    assert (open_dataset(after).licence, open_dataset(before).data_hash) == ("corrected", open_dataset(after).data_hash)


def test_what_killed_processes_left_of_other_content_is_removed(tmp_path: Path, cache: Path) -> None:
    for directory in (cache / "images", cache / "datasets"):
        (directory / "arasaac_6-0123.part").mkdir(parents=True)
        (directory / "arasaac_6-0123.part" / "images.npy").write_bytes(b"half")
    run(write_copy(tmp_path / "copy"), cache)
    assert not list(cache.rglob("*.part"))


def test_the_languages_share_the_images(tmp_path: Path, cache: Path) -> None:
    copy = write_copy(write_copy(tmp_path / "copy"), {number: [f"word {number}"] for number in range(6)}, language="en")
    spanish, english = run(copy, cache), run(copy, cache, language="en")
    assert (spanish / IMAGES).samefile(english / IMAGES)
    assert len(list((cache / "images").glob("arasaac*"))) == 1


def test_a_file_system_without_hard_links(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("os.link", refuse)
    assert opened(write_copy(tmp_path / "copy"), cache).images.shape == (6, 6, 6, 3)


def test_unusable_records_are_left_out_named_and_counted(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words: dict[int, list[str]] = {number: [f"palabra {number}"] for number in range(400)}
    words[1] = []
    copy = write_copy(tmp_path / "copy", words, pictures={2: HTML, 3: picture(3)[:50]})
    (copy / "images" / "4.png").unlink()
    (copy / "images" / "4.png").mkdir()
    prepared = run(copy, cache, progress=True)
    dataset = open_dataset(prepared)
    assert dataset.ids == [str(number) for number in range(400) if number not in {1, 2, 3, 4}]
    assert len(dataset.captions) == len(dataset.images) == 396
    np.testing.assert_array_equal(dataset.images[1], decode(picture(5), ".png", 6))
    reasons = {one["id"]: one["reason"] for one in dataset.skipped}
    assert set(reasons) == {"1", "2", "3", "4"}
    assert reasons["1"] == "no keywords"
    assert reasons["2"].startswith("2.png: not an image")
    assert reasons["4"] == "4.png: cannot be read"
    told = capsys.readouterr().err.splitlines()
    assert told[-1].startswith("arasaac: skipped 4 of 400 images: 1 (no keywords), 4 (4.png: cannot be read), 2 (2.png")
    assert run(copy, cache) == prepared


def test_the_same_faults_give_the_same_bytes(tmp_path: Path, cache: Path) -> None:
    copy = write_copy(tmp_path / "copy", 300, pictures={2: HTML, 3: b"", 77: picture(77)[:60]})
    first, second = run(copy, cache), run(copy, tmp_path / "other cache")
    assert first.name == second.name
    assert contents(first) == contents(second)


@pytest.mark.parametrize("fault", ["keywords", "corrupt", "missing", "unreadable"])
@pytest.mark.parametrize("faults", [1, 2])
def test_one_per_cent_is_the_border(tmp_path: Path, cache: Path, fault: str, faults: int) -> None:
    broken = range(10, 10 + faults)
    words = {number: [] if fault == "keywords" and number in broken else [f"palabra {number}"] for number in range(100)}
    copy = write_copy(tmp_path / "copy", words, pictures=dict.fromkeys(broken, HTML) if fault == "corrupt" else {})
    for number in broken if fault in {"missing", "unreadable"} else ():
        (copy / "images" / f"{number}.png").unlink()
        if fault == "unreadable":
            (copy / "images" / f"{number}.png").mkdir()
    if faults == 1:
        dataset = opened(copy, cache)
        assert (len(dataset.ids), len(dataset.skipped)) == (99, 1)
    else:
        with pytest.raises(UserError, match=r"^arasaac: 2 of 100 images are unusable, at most 1% may be: [^\n]*11 \("):
            run(copy, cache)
        assert not (cache / "datasets").exists()
        assert contents(cache) == {}


def test_faults_of_different_kinds_add_up(tmp_path: Path, cache: Path) -> None:
    words = {number: [f"palabra {number}"][: number != 7] for number in range(199)}
    copy = write_copy(tmp_path / "copy", words, pictures={3: HTML})
    with pytest.raises(UserError, match="2 of 199 images are unusable"):
        run(copy, cache)
    assert len(opened(write_copy(copy, {**words, 199: ["otra"]}, pictures={3: HTML}), cache).skipped) == 2


def test_a_stop_can_be_repaired(tmp_path: Path, cache: Path) -> None:
    copy = write_copy(tmp_path / "copy", pictures={3: HTML})
    with pytest.raises(UserError, match="1 of 6 images"):
        run(copy, cache)
    assert opened(write_copy(copy), cache).data_hash == opened(write_copy(tmp_path / "whole"), cache).data_hash


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "arasac"}, "^unknown dataset 'arasac': did you mean 'arasaac'"),
        ({"language": "fra"}, "^unknown language of arasaac 'fra': did you mean 'fr'.* Allowed: an, ar, bg, .*, zh$"),
        ({"dataset": "pictograms", "language": "fr"}, "^unknown language of pictograms 'fr'.* Allowed: en, es$"),
        ({"prompt": "no place"}, r"^prompt: expected a text with one \{\}, where the words go, got 'no place'$"),
        ({"prompt": "{} {}"}, "^prompt: expected a text with one"),
        ({"image_size": 0}, "^image_size: expected a positive number of pixels, got 0$"),
        ({"image_size": -7}, "^image_size: expected a positive number"),
        ({"dataset": "pictograms"}, "^pictograms is bundled and reads no data directory, got "),
    ],
)
def test_wrong_arguments_are_one_line_and_leave_nothing(
    tmp_path: Path, cache: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        run(write_copy(tmp_path / "copy"), cache, **changes)
    assert not cache.exists()


@pytest.mark.parametrize("kind", ["not given", "missing", "empty", "a file", "no language", "no images"])
def test_missing_data_is_one_line_with_the_remedy_and_leaves_nothing(tmp_path: Path, cache: Path, kind: str) -> None:
    copy = tmp_path / "copy"
    if kind == "a file":
        copy.write_text("")
    elif kind != "missing":
        copy.mkdir()
    if kind in {"no language", "no images"}:
        write_copy(copy, language="en" if kind == "no language" else "es")
    if kind == "no images":
        for path in (copy / "images").iterdir():
            path.unlink()
    with pytest.raises(UserError, match=r"^arasaac: [^\n]*images/\{id\}\.png \(or [^\n]*$"):
        run(None if kind == "not given" else copy, cache)
    assert not cache.exists()


def test_a_directory_that_may_not_be_read(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = write_copy(tmp_path / "copy")

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    with pytest.raises(UserError, match=r"^arasaac: cannot read .*images: Permission denied$"):
        run(copy, cache)


@pytest.mark.parametrize("words", [{1: ["sol"]}, {number: ["sol", f"palabra {number}"] for number in range(9)}])
def test_what_cannot_be_split_is_one_line(tmp_path: Path, cache: Path, words: dict[int, list[str]]) -> None:
    with pytest.raises(UserError, match=r"^arasaac: too few pictures with captions of their own: .* got 1 in \d rows$"):
        run(write_copy(tmp_path / "copy", words), cache)
    assert not (cache / "datasets").exists()


@pytest.mark.parametrize("missing", ["images.npy", "skipped.json"])
def test_a_cache_that_was_tampered_with_is_made_again(
    tmp_path: Path, cache: Path, missing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = write_copy(write_copy(tmp_path / "copy"), {number: [f"word {number}"] for number in range(6)}, language="en")
    run(copy, cache)
    (images,) = (cache / "images").glob("arasaac*")
    (images / missing).unlink()
    dataset = open_dataset(run(copy, cache, language="en"))
    assert f"{images / missing} is not what was written there: {images.name} is made again" in capsys.readouterr().err
    assert dataset.images[0, 3, 3].tolist() == open_dataset(run(copy, cache)).images[0, 3, 3].tolist()


def test_a_copy_in_the_cache_stands_in_for_the_directory(tmp_path: Path, cache: Path) -> None:
    assert not is_at_hand("arasaac", cache_dir=cache)
    assert is_at_hand("arasaac", data_dir=tmp_path, cache_dir=cache)
    write_copy(cache / "sources" / "arasaac")
    assert is_at_hand("arasaac", cache_dir=cache)
    assert run(None, cache) == run(write_copy(tmp_path / "copy"), cache)


def test_is_at_hand_names_the_nearest_dataset() -> None:
    with pytest.raises(UserError, match="did you mean 'pictograms'"):
        is_at_hand("pictogramas")


def test_captions_are_kept_as_readable_text(tmp_path: Path, cache: Path) -> None:
    prepared = run(write_copy(tmp_path / "copy", {1: ["niño"], 2: ["&iquest;cu&aacute;ndo?"]}), cache)
    assert "Una imagen de niño" in (prepared / CAPTIONS).read_text(encoding="utf-8")
    assert "Una imagen de ¿cuándo?" in (prepared / CAPTIONS).read_text(encoding="utf-8")
