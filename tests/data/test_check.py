"""``python -m gap.data``: what a check finds in data that was made with known faults, and how it ends."""

import json
import os
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
from local_copy import write_copy
from own_data import write_folder, write_pictures, write_table
from PIL import Image

from gap.data.__main__ import main


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path_factory.mktemp("cache")))


def blobs(number: int, size: int = 64) -> Image.Image:
    """A picture of coarse blobs, another for every number."""
    cells = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC)


def write_blobs(directory: Path, count: int, **columns: Any) -> Path:
    """A folder of blobs with captions of their own, half of them to train on."""
    directory.mkdir(exist_ok=True)
    for number in range(count):
        blobs(number).save(directory / f"{number:02d}.png")
    columns = {"split": lambda number: "train" if number < count // 2 else "test"} | columns
    rows = [
        {"image": f"{number:02d}.png", "caption": f"a caption of picture number {number}"}
        | {name: value(number) for name, value in columns.items()}
        for number in range(count)
    ]
    return write_table(directory, rows)


def run(directory: Path, out: Path, *more: str) -> tuple[int, dict[str, Any]]:
    code = main(["check", "folder", "--data-dir", str(directory), "--out", str(out), "--image-size", "32", *more])
    return code, json.loads((out / "check.json").read_text())


def shared(report: dict[str, Any], name: str) -> tuple[list[list[str]], list[list[str]]]:
    return report["shared"][name]["sets"], report["shared"][name]["leaks"]


def test_clean_data_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(write_blobs(tmp_path / "data", 20), tmp_path / "out")
    assert code == 0
    assert [report[name] for name in ("images", "train", "test", "captions", "skipped")] == [20, 10, 10, 20, []]
    for name in ("same file", "near-identical", "same caption"):
        assert shared(report, name) == ([], [])
    assert report["width_height"]["largest"] == [64, 64]
    said = capsys.readouterr().out
    assert "folder (en): 20 images, 10 to train on, 10 to test on; 20 captions, 1 an image" in said
    assert "No leak found between training and test images." in said
    assert "of 20 captions 20 with 5 words or more were looked at" in said


def test_faults_are_found_and_leaks_end_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_blobs(tmp_path / "data", 40, caption=lambda n: f"Caption {n % 39}" if n % 2 else f"caption {n % 39}")
    (data / "03.png").write_bytes((data / "02.png").read_bytes())  # the same file, both to train on
    blobs(25, 80).convert("RGB").save(data / "07.png", "JPEG", quality=80)  # the same picture otherwise, across
    Image.new("RGB", (300, 40), "red").save(data / "11.png")
    code, report = run(data, tmp_path / "out")
    assert code == 1
    assert shared(report, "same file") == ([["02.png", "03.png"]], [])
    assert shared(report, "near-identical") == (
        [["02.png", "03.png"], ["07.png", "25.png"]],
        [["07.png", "25.png"]],
    )
    assert shared(report, "same caption") == ([["00.png", "39.png"]], [["00.png", "39.png"]])
    assert report["width_height"]["most oblong"] == report["width_height"]["largest"] == [300, 40]
    said = capsys.readouterr().out
    assert "LEAK: near-identical images on both sides of the split, 1 sets: 07.png (Caption 7) = 25.png" in said
    assert "LEAK: the same caption" in said
    assert "1 are more than twice as long as wide" in said
    assert "No leak" not in said


def test_captions_in_nfc_and_nfd_are_the_same_caption(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["un niño", "un árbol", "un cigüeña", "un montaña", "un camión"]

    def caption(number: int) -> str:
        form: Literal["NFC", "NFD"] = "NFD" if number % 2 else "NFC"
        return unicodedata.normalize(form, f"{words[number // 2 % 5]} en la mesa {number // 10}")

    data = write_blobs(tmp_path / "own", 40, caption=caption, split=lambda n: "test" if n % 2 else "train")
    code, report = run(data, tmp_path / "out", "--language", "es")
    assert code == 1
    sets, leaks = shared(report, "same caption")
    assert sets == leaks == [[f"{n:02d}.png", f"{n + 1:02d}.png"] for n in range(0, 40, 2)]
    assert (
        "LEAK: the same caption, whatever its case, white space and composition (NFC, NFD)" in capsys.readouterr().out
    )
    split_here = write_blobs(tmp_path / "ours", 40, caption=caption, split=lambda _: "")
    code, report = run(split_here, tmp_path / "out", "--language", "es")
    assert (code, report["test"]) == (0, 8)
    assert shared(report, "same caption") == (sets, [])


@pytest.mark.parametrize(
    ("model", "caption", "alike"),
    [
        ("ViT-B-32", lambda n: f"{'a description that a machine wrote ' * 20} {n}", 20),
        ("mini", lambda n: chr(0x1F400 + n), 20),
        ("ViT-B-32", lambda n: chr(0x1F400 + n), 0),
    ],
)
def test_captions_that_a_model_cannot_tell_apart_are_counted(
    model: str, caption: Callable[[int], str], alike: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = run(write_blobs(tmp_path / "data", 20, caption=caption), tmp_path / "out", "--model", model)
    assert code == 0
    assert {name: report["reading"][name] for name in ("model", "distinct", "alike", "test_alike")} == {
        "model": model, "distinct": 20, "alike": alike, "test_alike": alike // 2,
    }  # fmt: skip
    said = capsys.readouterr().out
    line = (
        f"tokens: 20 of 20 distinct captions (10 of 10 in the test part) become the same tokens as another one: {model}"
    )
    assert (line in said) == (alike == 20)
    assert (f"tokens: {model} reads every caption whole, and no two distinct ones alike" in said) == (alike == 0)


@pytest.mark.parametrize(
    ("split", "caption", "code", "said"),
    [
        (lambda n: "test" if n == 3 else "train", lambda n: f"{n}", 1,
         "TOO SMALL: the test part has 1 image and 1 distinct caption: expected at least 4 images and 2"),
        (lambda n: "", lambda n: ("cat", "dog", "cow")[n % 3], 1,
         "TOO SMALL: the test part has 10 images and 1 distinct caption"),
        (lambda n: "test" if n % 2 else "train", lambda n: ("cat", "dog", "cow")[n % 3], 1,
         "EASY: the test part is small or repeats itself: 15 images with 3 distinct captions, ranked in pools of 15; a "
         "random ranking reaches R@1 33.3 %, R@5 91.6 %, R@10 100.0 %"),
        (lambda n: "test" if n < 4 else "train", lambda n: f"{n}", 0, "EASY: the test part is small"),
    ],
)  # fmt: skip
def test_a_test_part_on_which_recall_says_little_is_said(
    split: Callable[[int], str],
    caption: Callable[[int], str],
    code: int,
    said: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    found, report = run(write_blobs(tmp_path / "data", 30, split=split, caption=caption), tmp_path / "out")
    assert found == code
    assert said in capsys.readouterr().out
    assert report["parts"]["chance"]["recall_at_1"] > 10


def test_how_the_data_come_by_a_test_part_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_blobs(tmp_path / "data", 60, split=lambda _: "train")
    code, report = run(data, tmp_path / "out")
    assert (code, report["train"], report["test"]) == (0, 48, 12)
    line = "the data have a training part only: a fifth of it is kept for testing, as of data without a split"
    assert report["remarks"] == [line]
    assert f"split: {line}\n" in capsys.readouterr().out
    assert main(["prepare", "folder", "--data-dir", str(data), "--image-size", "8"]) == 0
    assert f"folder: {line}\n" in capsys.readouterr().err


def test_another_language_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    texts = ["the children are playing with their dog in the garden", "una mujer lee un libro en el parque", "bee"]
    data = write_blobs(tmp_path / "data", 12, caption=lambda n: f"{texts[n % 3]}{'!' * n}")
    _, report = run(data, tmp_path / "out", "--language", "en")
    assert report["language_mix"]["asked"] == 8
    assert report["language_mix"]["others"] == {"es": 4}
    assert "50.0% look like another language than en: 4 es; es: una mujer lee" in capsys.readouterr().out
    run(data, tmp_path / "out", "--language", "xx")
    assert "language: whether captions are 'xx' cannot be told here" in capsys.readouterr().out


def test_what_was_skipped_is_told_by_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [{"image": f"{n % 250:03d}.png", "caption": f"caption {n}" if n else "", "split": ""} for n in range(300)]
    data = write_table(write_pictures(tmp_path / "data", 250), rows)
    (data / "009.png").write_bytes(b"<html>")
    code, report = run(data, tmp_path / "out", "--language", "en")
    assert [one["id"] for one in report["skipped"]] == ["pairs.csv, line 2", "009.png"]
    assert report["images"] == 249
    assert code in (0, 1)  # pictures of one colour may be near-identical
    said = capsys.readouterr().out
    assert "skipped: 2 records:\n" in said
    assert "  1: no caption (pairs.csv, line 2)\n" in said
    assert "249 are enlarged to 32 pixels" in said


def test_the_contact_sheet_is_a_picture_and_captions_obey_nobody(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    captions = ["\x1b[2J" + "wide" * 200, "ñandú مرحبا 猫 \u202e", "a " * 400, "x"]
    data = write_blobs(tmp_path / "data", 16, caption=lambda n: captions[n % 4] + str(n // 8))
    run(data, tmp_path / "out")
    with Image.open(tmp_path / "out" / "contact_sheet.png") as sheet:
        assert sheet.format == "PNG"
        assert sheet.size[0] > 1_000
    said = capsys.readouterr().out
    assert all(sign.isprintable() or sign == "\n" for sign in said)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["check.json", "contact_sheet.png"]


def test_json_for_machines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, report = run(write_blobs(tmp_path / "data", 10), tmp_path / "out", "--json")
    assert json.loads(capsys.readouterr().out) == report


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["check", "foldr", "--out", "x"], "unknown dataset 'foldr': did you mean 'folder'?"),
        (["check", "folder"], "folder: no data; give --data-dir DIR"),
        (["check", "folder", "--data-dir", "nowhere"], "folder: expected a directory with one table"),
        (["check", "folder", "--language", "English", "--data-dir", "."], "language of folder: expected a tag"),
        (["check", "pictograms", "--image-size", "0"], "image_size: expected a positive number of pixels, got 0"),
        (["check", "pictograms", "--model", "ViT-B-23"], "unknown model 'ViT-B-23': did you mean 'ViT-B-32"),
        (["prepare", "pictograms", "--prompt", "a"], "prompt: expected a text with one {}"),
        (["prepare", "arasaac", "--data-dir", "a\x1b[2Jb"], "arasaac: "),
    ],
)
def test_wrong_input_is_one_line_and_ends_with_2(
    command: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    said = capsys.readouterr()
    assert said.err.startswith(message)
    assert said.err.count("\n") == 1
    assert said.err.strip().isprintable()
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_blobs(tmp_path / "data", 10)
    (tmp_path / "file").write_text("")
    assert (
        main(["check", "folder", "--data-dir", str(data), "--image-size", "16", "--out", str(tmp_path / "file")]) == 2
    )
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"--out {tmp_path / 'file'}: cannot write there: ")


def test_prepare_prints_the_directory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_folder(tmp_path / "data", 20)
    assert main(["prepare", "folder", "--data-dir", str(data), "--image-size", "8", "--prompt", "Foto: {}"]) == 0
    (printed,) = capsys.readouterr().out.splitlines()
    assert Path(printed).is_relative_to(os.environ["MODALITY_GAP_CACHE"])
    assert json.loads((Path(printed) / "captions.json").read_text())["captions"][0] == ["Foto: caption 0"]


def test_a_language_without_a_prompt_is_checked_with_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_copy(tmp_path / "data", 20, language="sq")
    command = ["check", "arasaac", "--language", "sq", "--data-dir", str(data), "--image-size", "8"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("prompt: expected a text with one {}")
    assert main([*command, "--out", str(tmp_path / "out"), "--prompt", "Foto: {}"]) in (0, 1)
    assert (tmp_path / "out" / "contact_sheet.png").is_file()
