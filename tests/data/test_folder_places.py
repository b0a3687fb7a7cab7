"""Image names of a table never lead out of its directory."""

import os
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from local_copy import picture
from own_data import write_folder, write_pictures, write_table

from gap.data import open_dataset, prepare
from gap.data.folder.catalogue import read
from gap.data.records import Skipped
from gap.errors import UserError


def read_one(directory: Path, name: str) -> list[str]:
    write_table(write_pictures(directory, 2), [{"image": "000.png", "caption": "a"}, {"image": name, "caption": "b"}])
    return [record.id for record in read("en", directory).records]


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png",
        "sub/../../secret.png",
        "..",
        "/etc/passwd",
        "C:\\x.png",
        "\\\\host\\x.png",
        "..\\x.png",
        "C:x.png",
    ],
)
def test_a_name_that_leads_elsewhere_stops_with_its_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(1))
    with pytest.raises(UserError, match=r"^folder: pairs\.csv, line 3: expected an image path [^\n]*, got '"):
        read_one(tmp_path / "data", name)


@pytest.mark.parametrize("kind", ["file", "folder", "in two steps"])
def test_a_link_out_of_the_directory_stops(kind: str, tmp_path: Path) -> None:
    write_pictures(tmp_path / "elsewhere", 1)
    data = write_pictures(tmp_path / "data", 2)
    if kind == "file":
        (data / "link.png").symlink_to(tmp_path / "elsewhere" / "000.png")
    else:
        (data / "folder").symlink_to(tmp_path / "elsewhere")
    if kind == "in two steps":
        (data / "link.png").symlink_to("folder/000.png")
    with pytest.raises(UserError, match=r"line 3: '[^\n]*' leads out of [^\n]* through a link$"):
        read_one(data, "folder/000.png" if kind == "folder" else "link.png")


def test_links_inside_are_fine_also_to_the_directory_itself(tmp_path: Path) -> None:
    data = write_pictures(tmp_path / "data" / "birds", 3).parent
    (data / "link.png").symlink_to("birds/002.png")
    (tmp_path / "alias").symlink_to(data)
    assert read_one(tmp_path / "alias", "link.png") == ["000.png", "link.png"]


def test_what_would_never_end_is_not_opened(tmp_path: Path) -> None:
    write_folder(tmp_path, 2)
    os.mkfifo(tmp_path / "pipe.png")
    assert read_one(tmp_path, "pipe.png") == ["000.png"]


def test_a_link_to_nothing_is_no_file(tmp_path: Path) -> None:
    write_folder(tmp_path, 2)
    (tmp_path / "dangling.png").symlink_to("nothing.png")
    (tmp_path / "round.png").symlink_to("round.png")
    assert read_one(tmp_path, "dangling.png") == read_one(tmp_path, "round.png") == ["000.png"]


NAME = "imágenes de niños/niño {}.png"


def composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def decomposed(text: str) -> str:
    return unicodedata.normalize("NFD", text)


def write_named(directory: Path, on_disk: list[str], in_table: list[str]) -> Path:
    for number, name in enumerate(on_disk):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(picture(number))
    rows = [{"image": name, "caption": f"caption {number}"} for number, name in enumerate(in_table)]
    return write_table(directory, rows)


@pytest.mark.parametrize("on_disk", [composed, decomposed])
@pytest.mark.parametrize("in_table", [composed, decomposed])
def test_accents_may_be_composed_or_not(on_disk: Any, in_table: Any, tmp_path: Path) -> None:
    names = [NAME.format(number) for number in range(6)]
    data = write_named(tmp_path / "data", list(map(on_disk, names)), list(map(in_table, names)))
    found = read("en", data)
    assert found.skipped == []
    assert [record.id for record in found.records] == list(map(on_disk, names))
    assert [record.image.read_bytes() for record in found.records] == [picture(number) for number in range(6)]
    prepared = prepare("folder", language="en", image_size=8, data_dir=data, cache_dir=tmp_path / "cache")
    assert open_dataset(prepared).ids == list(map(on_disk, names))


def test_both_spellings_in_the_table_are_one_image(tmp_path: Path) -> None:
    data = write_named(
        tmp_path, [decomposed("niño.png"), "b.png"], [composed("niño.png"), "b.png", decomposed("niño.png")]
    )
    assert [(record.id, record.captions) for record in read("en", data).records] == [
        ("b.png", ("caption 1",)),
        (decomposed("niño.png"), ("caption 0", "caption 2")),
    ]


def test_of_two_files_the_one_that_is_spelled_so_is_meant(tmp_path: Path) -> None:
    names = [composed("niño.png"), decomposed("niño.png")]
    found = read("en", write_named(tmp_path, names, names))
    assert {record.id: record.captions for record in found.records} == {
        names[0]: ("caption 0",),
        names[1]: ("caption 1",),
    }


def test_a_name_that_two_files_may_have_is_left_out_and_both_are_named(tmp_path: Path) -> None:
    # "ệ" has three spellings: of the two that are there, neither is the table's.
    on_disk = [decomposed("việt.png"), unicodedata.normalize("NFC", "vi\u1eb9\u0302t.png").replace("ệ", "\u1eb9\u0302")]
    found = read("en", write_named(tmp_path, [*on_disk, "b.png"], [composed("việt.png"), "b.png"]))
    assert [record.id for record in found.records] == ["b.png"]
    (one,) = found.skipped
    both = r"'vie\u0323\u0302t.png' or 'vi\u1eb9\u0302t.png'"
    assert one.reason == f"việt.png may be {both}, which differ in how accents are composed alone"


@pytest.mark.parametrize("ascii_only", [True, False])
def test_the_separator_of_windows_is_taken_for_ours(ascii_only: bool, tmp_path: Path) -> None:
    folder = "img" if ascii_only else "imágenes"
    data = write_named(tmp_path, [f"{folder}/a/{n}.png" for n in range(3)], [f"{folder}\\a\\{n}.png" for n in range(3)])
    found = read("en", data)
    assert [record.id for record in found.records] == [f"{folder}/a/{n}.png" for n in range(3)]
    assert found.skipped == []


def test_a_file_with_a_backslash_in_its_name_goes_first(tmp_path: Path) -> None:
    found = read("en", write_named(tmp_path, ["a/1.png", "a\\1.png"], ["a\\1.png", "a/1.png"]))
    assert [record.id for record in found.records] == ["a/1.png", "a\\1.png"]
    assert [record.image.read_bytes() for record in found.records] == [picture(0), picture(1)]


@pytest.mark.parametrize(
    ("in_table", "reason"),
    [
        ("A.PNG", "no image file A.PNG; there is a.png, which differs in case"),
        ("IMG\\B.png", "no image file IMG\\B.png; there is img/b.png, which differs in case"),
        ("img/Ñ.png", "no image file img/Ñ.png; there is img/ñ.png, which differs in case"),
        ("img/c.png", "no image file img/c.png"),
        ("Img/c.png", "no image file Img/c.png"),
        ("img", "img is not a file"),
    ],
)
def test_a_name_that_is_nearly_that_of_a_file_is_left_out_and_the_file_named(
    in_table: str, reason: str, tmp_path: Path
) -> None:
    data = write_named(tmp_path, ["a.png", "img/b.png", "img/ñ.png"], ["a.png", in_table])
    assert read("en", data).skipped == [Skipped("pairs.csv, line 3", reason, images=1, captions=0)]


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("añadido/000.png", decomposed), ("niño.png", composed), ("niño.png", decomposed)],
)
def test_a_link_out_of_the_directory_stops_whatever_the_spelling(name: str, spelled: Any, tmp_path: Path) -> None:
    write_pictures(tmp_path / "elsewhere", 1)
    data = write_pictures(tmp_path / "data", 2)
    (data / decomposed("añadido")).symlink_to(tmp_path / "elsewhere")
    (data / decomposed("niño.png")).symlink_to(tmp_path / "elsewhere" / "000.png")
    with pytest.raises(UserError, match=r"leads out of [^\n]* through a link$"):
        read_one(data, spelled(name))


def test_no_file_is_looked_for_behind_a_link_out_of_the_directory(tmp_path: Path) -> None:
    write_pictures(tmp_path / "elsewhere", 1)
    data = write_pictures(tmp_path / "data", 2)
    (data / decomposed("añadido")).symlink_to(tmp_path / "elsewhere")
    assert read_one(data, composed("añadido/000.png")) == ["000.png"]


def test_a_name_of_no_text_is_no_file_even_if_there_is_one(tmp_path: Path) -> None:
    write_pictures(tmp_path, 2)
    (tmp_path / "\udcff.png").write_bytes(picture(3))
    (tmp_path / "pairs.jsonl").write_text(
        '{"image": "000.png", "caption": "a"}\n{"image": "\\udcff.png", "caption": "b"}\n'
    )
    (one,) = read("en", tmp_path).skipped
    assert one.reason == r"no image file \udcff.png: the name is no UTF-8"
