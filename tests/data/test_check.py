"""``python -m gap.data``: what a check finds in data that was made with known faults, and how it ends."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
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
