"""Malformed tables: an error of one line with the place, or a row that is skipped and named."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_data import write_folder, write_pictures, write_table

from gap.data.folder.catalogue import read
from gap.data.folder.table import READERS
from gap.data.records import Catalogue
from gap.errors import UserError


def read_csv(directory: Path, text: str | bytes, pictures: int = 4) -> Catalogue:
    write_pictures(directory, pictures)
    (directory / "pairs.csv").write_bytes(text.encode() if isinstance(text, str) else text)
    return read("en", directory)


def captions_of(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    return {record.id: record.captions for record in catalogue.records}


def reasons_of(catalogue: Catalogue) -> dict[str, str]:
    return {one.id: one.reason for one in catalogue.skipped}


@pytest.mark.parametrize("ending", READERS)
def test_all_kinds_of_tables_give_the_same_records(ending: str, tmp_path: Path) -> None:
    first, other = (read("en", write_folder(tmp_path / kind, 30, kind)) for kind in (".csv", ending))
    assert captions_of(first) == captions_of(other)
    assert [record.group for record in first.records] == [record.group for record in other.records]
    assert first.skipped == other.skipped == []
    assert [record.image for record in other.records] == [tmp_path / ending / f"{n:03d}.png" for n in range(30)]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("newline", [b"\n", b"\r\n"])
def test_with_or_without_a_byte_order_mark(mark: bytes, newline: bytes, tmp_path: Path) -> None:
    lines = ["image,caption", "000.png,niño", '001.png,"a ""b"", c"', "", "002.png,two  words "]
    found = read_csv(tmp_path, mark + newline.join(line.encode() for line in lines))
    assert captions_of(found) == {"000.png": ("niño",), "001.png": ('a "b", c',), "002.png": ("two words",)}
    assert found.skipped == []


def test_several_rows_of_an_image_are_its_captions_in_their_order(tmp_path: Path) -> None:
    found = read_csv(tmp_path, "caption,image\nb,001.png\nx,000.png\na,001.png\nc,./001.png\n")
    assert captions_of(found) == {"000.png": ("x",), "001.png": ("b", "a", "c")}


@pytest.mark.parametrize("ending", [".jsonl", ".parquet"])
def test_a_caption_may_be_a_list(ending: str, tmp_path: Path) -> None:
    rows = [{"image": "000.png", "caption": ["a", "b"]}, {"image": "001.png", "caption": ["c"]}]
    assert captions_of(read("en", write_table(write_pictures(tmp_path, 2), rows, ending))) == {
        "000.png": ("a", "b"),
        "001.png": ("c",),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"pairs\.csv is empty; expected a first line with image, caption$"),
        (
            "image\n000.png\n",
            r"csv has no column caption; expected image \(or .*\), caption \(or .*\)\[, split, group\], got image; col",
        ),
        (
            "image;caption\n000.png;a\n",
            r"no column image; .*, got image;caption; columns are separated by commas or tabs$",
        ),
        ("image,caption,caption\n000.png,a,b\n", "more than one column caption"),
        ("image,caption\n", "no pair of image and caption is left$"),
        ('image,caption\n000.png,a\n001.png,"a\nb\n', r"pairs\.csv, line 4: unexpected end of data$"),
        ('image,caption\n000.png,"a" b\n', r"pairs\.csv, line 2: "),
        (
            b"image,caption\r\n000.png,a\r\n001.png,ni\xf1o\r\n",
            r"pairs\.csv, line 3, column 11: expected UTF-8, got byte 0xf1, which is 'ñ' in Latin-1; save it as UTF-8 "
            r"\(in Excel: Save As, 'CSV UTF-8'\)$",
        ),
        ("image,caption\n000.png,niño\n".encode("utf-16"), r"pairs\.csv, line 1: expected UTF-8, got UTF-16; save it"),
        ("image,caption\n000.png,niño\n".encode("utf-16-be"), r"pairs\.csv, line 1: expected UTF-8, got UTF-16; save"),
        (b"image,caption\xe9\n000.png,a\n", r"pairs\.csv, line 1, column 14: expected UTF-8, got byte 0xe9"),
        ("image,caption\n000.png," + "x" * 200_000 + "\n", r"line 2: field larger than field limit"),
    ],
)
def test_what_is_no_such_table_is_one_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=message) as caught:
        read_csv(tmp_path, text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("001.png", "1 cells, but the first line names 4 columns"),
        ("001.png,a,b,c,d", "5 cells, but the first line names 4 columns"),
        ("001.png,,train,g", "no caption"),
        ("001.png,  ,train,g", "no caption"),
        (",a,train,g", "no image"),
        ("009.png,a,train,g", "no image file 009.png"),
        ("sub,a,train,g", "sub is not a file"),
        ("001.png,a,trian,g", "split 'trian': expected train, test or val"),
        ("001.png,a,,g", "no split, which other rows have"),
        ("001.png,a,train,", "no group, which other rows have"),
        ("000.png,caption 0,train,g", "the same image and caption as an earlier row"),
        ("000.png,another,test,g", "another split than an earlier row of the image"),
        ("000.png,another,train,h", "another group than an earlier row of the image"),
        ("x" * 5_000 + ".png,a,train,g", "no image file " + "x" * 100),
        ("a\0b.png,a,train,g", r"no image file a\x00b.png"),
    ],
)
def test_a_row_that_cannot_be_used_is_skipped_and_named(line: str, reason: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    found = read_csv(
        tmp_path, f"image,caption,split,group\n000.png,caption 0,train,g\n{line}\n003.png,caption 3,test,h\n"
    )
    assert captions_of(found) == {"000.png": ("caption 0",), "003.png": ("caption 3",)}
    assert reasons_of(found) == {"pairs.csv, line 3": reason}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"image": "001.png"', "not JSON: "),
        ('["001.png", "a"]', "expected an object with image and caption, got list"),
        ("[" * 100_000, "not JSON: "),
        ('{"image": 7, "caption": "a"}', "expected the name of an image file, got int"),
        ('{"image": {"bytes": "", "path": "1.png"}, "caption": "a"}', "expected the name of an image file, got dict"),
        ('{"image": "001.png", "caption": 7}', "expected a text as the caption, got int"),
        ('{"image": "001.png", "caption": null}', "no caption"),
        ('{"image": "001.png", "caption": NaN}', "expected a text as the caption, got float"),
        ('{"image": "001.png", "caption": "\\ud800"}', "no caption"),
        ('{"image": "001.png", "caption": []}', "expected a text as the caption, got list"),
        ('{"image": "\\ud800.png", "caption": "a"}', "no image file "),
        (b'{"image": "\xff.png", "caption": "a"}', "column 12: expected UTF-8, got byte 0xff, which is "),
    ],
)
def test_a_line_that_cannot_be_used_is_skipped_and_named(line: str | bytes, reason: str, tmp_path: Path) -> None:
    write_folder(tmp_path, 4, ".jsonl")
    with (tmp_path / "pairs.jsonl").open("ab") as file:
        file.write((line.encode() if isinstance(line, str) else line) + b"\n\n")
    found = read("en", tmp_path)
    assert len(found.records) == 4
    ((place, got),) = reasons_of(found).items()
    assert place == "pairs.jsonl, line 5"
    assert got.startswith(reason)


def test_a_group_that_is_no_number_is_none(tmp_path: Path) -> None:
    rows = [{"image": f"{n:03d}.png", "caption": f"{n}", "group": value} for n, value in enumerate((1.0, float("nan")))]
    found = read("en", write_table(write_pictures(tmp_path, 2), rows, ".parquet"))
    assert reasons_of(found) == {"pairs.parquet, row 2": "no group, which other rows have"}


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path.write_bytes(b""), "cannot read .*pairs.parquet: "),
        (lambda path: path.write_bytes(b"PAR1" + b"\0" * 100 + b"PAR1"), "cannot read .*pairs.parquet: "),
        (lambda path: write_table(path.parent, [{"image": "000.png", "words": "a"}], ".parquet"), "no column caption"),
        (lambda path: path.mkdir(), "found none"),
    ],
)
def test_a_parquet_file_that_is_none(make: Callable[[Path], Any], message: str, tmp_path: Path) -> None:
    make(tmp_path / "pairs.parquet")
    with pytest.raises(UserError, match=message) as caught:
        read("en", tmp_path)
    assert "\n" not in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=200), ending=st.sampled_from(sorted(READERS)))
def test_whatever_the_bytes_only_our_own_error_comes_out(
    data: bytes, ending: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("fuzz")
    head = {".csv": b"image,caption\n", ".tsv": b"image\tcaption\n", ".jsonl": b'{"image": "', ".parquet": b"PAR1"}[
        ending
    ]
    (directory / f"pairs{ending}").write_bytes(head + data)
    with pytest.raises(UserError, match=r"^folder: "):
        read("en", directory)


def test_which_table_is_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^folder: no data; give --data-dir DIR"):
        read("en", None)
    with pytest.raises(UserError, match=r"^folder: expected a directory with one table .*nowhere$"):
        read("en", tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"^folder: expected one table .* found none; name it itself$"):
        read("en", tmp_path)
    write_folder(tmp_path, 4)
    (tmp_path / "._pairs.csv").write_bytes(b"\0")  # as archives of a Mac hold
    assert len(read("en", tmp_path).records) == 4
    write_folder(tmp_path, 3, ".jsonl")
    with pytest.raises(UserError, match=r"found pairs\.csv, pairs\.jsonl; name it itself$"):
        read("en", tmp_path)
    assert len(read("en", tmp_path / "pairs.jsonl").records) == 3


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_table_that_may_not_be_read(tmp_path: Path) -> None:
    write_folder(tmp_path, 4)
    (tmp_path / "pairs.csv").chmod(0)
    with pytest.raises(PermissionError):
        read("en", tmp_path)
