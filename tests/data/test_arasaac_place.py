import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from local_copy import contents, write_copy
from pretend_arasaac import Answer, Pretend, bring, catalogue, picture

from gap.data.arasaac.client import Limits
from gap.data.arasaac.download import Network, Order, download
from gap.data.arasaac.selection import Filters
from gap.errors import UserError


def test_nothing_outside_the_directory_is_written(pretend: Pretend, tmp_path: Path) -> None:
    (tmp_path / "neighbour").mkdir()
    (tmp_path / "neighbour" / "5.png").write_bytes(b"precious")
    before = contents(tmp_path)
    bring(pretend, tmp_path / "arasaac", "es")
    outside = {name: data for name, data in contents(tmp_path).items() if not name.startswith("arasaac/")}
    assert outside == before


@pytest.mark.parametrize("name", ["images", "es.json", "manifest.jsonl", "version.json", "LICENCE.txt", ".lock"])
def test_a_link_that_leads_out_is_refused(pretend: Pretend, tmp_path: Path, name: str) -> None:
    place, outside = tmp_path / "arasaac", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    (place / name).symlink_to(outside if name == "images" else outside / "file")
    with pytest.raises(UserError, match=rf"{name} is a link, and nothing is written through links"):
        bring(pretend, place, "es")
    assert contents(outside) == {"file": b"precious"}
    assert pretend.asked == []


def test_a_picture_that_is_a_link_is_replaced_not_followed(pretend: Pretend, tmp_path: Path) -> None:
    place, outside = tmp_path / "arasaac", tmp_path / "outside.png"
    bring(pretend, place, "es")
    outside.write_bytes(picture(3))
    for number in (3, 4):
        (place / "images" / f"{number}.png").unlink()
        (place / "images" / f"{number}.png").symlink_to(outside)
    assert bring(pretend, place, "es").is_whole
    assert outside.read_bytes() == picture(3)
    assert not (place / "images" / "3.png").is_symlink()
    assert (place / "images" / "4.png").read_bytes() == picture(4)


@pytest.mark.parametrize("language", ["es", "en"])
def test_somebodys_own_copy_is_left_alone(pretend: Pretend, tmp_path: Path, language: str) -> None:
    write_copy(tmp_path, 3)
    (tmp_path / "LICENCE.txt").write_text("my own")
    before = contents(tmp_path)
    with pytest.raises(UserError, match=r"es\.json was not written by this program: give another --data-dir"):
        bring(pretend, tmp_path, language)
    assert contents(tmp_path) == before
    assert pretend.asked == []


def test_nothing_is_left_where_nothing_came(pretend: Pretend, tmp_path: Path) -> None:
    pretend.fail(catalogue(), Answer(status=404), Answer(status=404))
    assert not bring(pretend, tmp_path / "new", "es").is_whole
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    bring(pretend, tmp_path / "old", "es")
    assert list((tmp_path / "old").iterdir()) == []
    with pytest.raises(UserError, match=r"^unknown category"):
        bring(pretend, tmp_path / "new", "es", filters=Filters(categories=("none such",)))
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made_is_one_line(pretend: Pretend, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*file[^\n]*: [^\n]+$"):
        bring(pretend, tmp_path / "file" / "arasaac", "es")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*file[^\n]*: [^\n]+$"):
        bring(pretend, tmp_path / "file", "es")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "images").write_text("in the way")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*images: [^\n]+$"):
        bring(pretend, tmp_path / "place", "es")


def test_a_disk_that_fills_up_leaves_what_was_good(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = os.replace, []

    def full(path: Path, target: Path) -> Any:
        if target.parent.name == "images":
            written.append(target)
            if len(written) > 3:
                raise OSError(28, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        outcome = bring(pretend, tmp_path, "es")
    assert outcome.stopped is not None
    assert outcome.stopped.endswith("No space left on device")
    assert outcome.there == 3
    assert not list((tmp_path / "images").glob(".*"))
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es").is_whole
    assert len(pretend.asked) == 5


def test_two_downloads_do_not_meet(pretend: Pretend, tmp_path: Path) -> None:
    never = threading.Event()
    pretend.fail(catalogue(), Answer(b"[]", kind="application/json", wait=never))
    first = threading.Thread(target=lambda: bring(pretend, tmp_path, "es", network=Network(Limits(attempts=1))))
    first.start()
    pretend.wait_for(1)
    try:
        with pytest.raises(UserError, match=r"^another download is writing to "):
            bring(pretend, tmp_path, "es")
    finally:
        never.set()
        first.join()


@pytest.mark.parametrize(
    "languages",
    [
        {"../../x": {"fetched": "2026", "sha256": "0"}},
        {"es": 5},
        {"es": {"fetched": 5, "sha256": []}},
        {"es": {}},
        [],
        7,
    ],
)
def test_a_damaged_version_file_says_nothing(pretend: Pretend, tmp_path: Path, languages: Any) -> None:
    place = tmp_path / "deep" / "arasaac"
    place.mkdir(parents=True)
    (place / "version.json").write_text(json.dumps({"format": 1, "languages": languages, "digest": 3, "version": []}))
    with pytest.raises(UserError, match=r"holds no language yet"):
        bring(pretend, place)
    assert bring(pretend, place, "es").is_whole
    assert all(Path(name).parts[:2] == ("deep", "arasaac") for name in contents(tmp_path))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"languages": ("xx",)}, r"^unknown language of arasaac 'xx': "),
        ({"languages": ("es",), "size": 301}, r"^size: expected one of 300, 500, 2500 pixels, got 301$"),
        ({"languages": ("es",), "api": "http://api.arasaac.org"}, r"^expected an address as https"),
        ({"languages": ("es",), "static": "file:///etc"}, r"^expected an address as https"),
        ({"languages": ()}, r"holds no language yet: expected --lang, such as --lang es$"),
    ],
)
def test_an_order_that_makes_no_sense(tmp_path: Path, order: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        download(Order(**order), tmp_path, progress=False)
