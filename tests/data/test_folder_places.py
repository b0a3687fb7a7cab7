"""Image names of a table never lead out of its directory."""

import os
from pathlib import Path

import pytest
from local_copy import picture
from own_data import write_folder, write_pictures, write_table

from gap.data.folder.catalogue import read
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
