import bz2
import contextlib
import gzip
import io
import json
import lzma
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_copy import picture
from own_data import samples, write_shard, write_shards

from gap.data.records import Catalogue, Skipped
from gap.data.webdataset.catalogue import read
from gap.data.webdataset.shards import Piece, pieces
from gap.errors import UserError


def captions_of(catalogue: Catalogue) -> dict[str, tuple[str, ...]]:
    return {record.id: record.captions for record in catalogue.records}


def reasons_of(catalogue: Catalogue) -> dict[str, str]:
    return {one.id: one.reason for one in catalogue.skipped}


def read_files(directory: Path, *files: tuple[str, bytes | str]) -> Catalogue:
    encoded = [(name, data.encode() if isinstance(data, str) else data) for name, data in files]
    write_shard(directory / "0.tar", encoded)
    return read("en", directory)


def test_samples_are_read_from_their_place(tmp_path: Path) -> None:
    found = read("en", write_shards(tmp_path, 20))
    assert [record.id for record in found.records] == [f"{n // 10:05d}/{n:06d}.png" for n in range(20)]
    for number, record in enumerate(found.records):
        assert record.captions == (f"caption {number // 2}",)
        assert record.group == found.records[number // 2 * 2].id
        assert record.image.read_bytes() == picture(number)
        assert (record.image.name, record.image.suffix) == (f"{number:06d}.png", ".png")
    assert found.skipped == []
    assert read("en", tmp_path / "00000.tar").records[:] == found.records[:10]


def test_captions_come_from_a_text_or_else_from_json(tmp_path: Path) -> None:
    image = picture(0)
    found = read_files(
        tmp_path,
        ("a.png", image), ("a.txt", "\ufeff text \n"), ("a.json", '{"caption": "json"}'),
        ("b.json", '{"caption": "json", "url": 7}'), ("b.png", image),
        ("c.json", '{"caption": ["one", "two", null]}'), ("c.WEBP", image),
        ("d.png", image), ("d.jpg", image), ("d.cls", "7"), ("d.txt", "the jpg counts"),
        ("in/a.seg.png", image), ("in/a.png", image), ("in/a.txt", "a folder"),
    )  # fmt: skip
    assert captions_of(found) == {
        "0/a.png": ("text",),
        "0/b.png": ("json",),
        "0/c.webp": ("one", "two"),
        "0/d.jpg": ("the jpg counts",),
        "0/in/a.png": ("a folder",),
    }
    assert found.skipped == [Skipped("0/c", "1 of 3 captions are empty or no text", images=0, captions=1)]


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("x.txt", "a")], "no image (jpg, png, jpeg, webp)"),
        ([("x.png", b"1")], "no caption"),
        ([("x.png", b"1"), ("x.txt", " \n")], "no caption"),
        ([("x.png", b"1"), ("x.json", "{}")], "no caption"),
        ([("x.png", b"1"), ("x.json", '["a"]')], "no caption"),
        ([("x.png", b"1"), ("x.json", '{"caption": 7}')], "no caption"),
        ([("x.png", b"1"), ("x.json", "{")], "Expecting property name"),
        ([("x.png", b"1"), ("x.json", "[" * 100_000)], "maximum recursion depth"),
        ([("x.png", b"1"), ("x.txt", b"\xff")], "column 1: expected UTF-8, got byte 0xff"),
        ([("x.png", b"1"), ("x.txt", "a" * 1_000_001)], "1000001 bytes are no caption"),
        ([("x.png", b"1"), ("x.txt", "a".encode("utf-16"))], "expected UTF-8, got UTF-16; save it as UTF-8"),
        ([("n" * 1_000 + ".png", b"1"), ("n" * 1_000 + ".txt", "a")], "too long a name"),
    ],
)
def test_a_sample_that_cannot_be_used_is_skipped_and_named(
    files: list[tuple[str, bytes | str]], reason: str, tmp_path: Path
) -> None:
    found = read_files(tmp_path, ("b.png", picture(1)), ("b.txt", "b"), ("c.png", b"2"), ("c.txt", "c"), *files)
    assert captions_of(found) == {"0/b.png": ("b",), "0/c.png": ("c",)}
    (got,) = reasons_of(found).values()
    assert got.startswith(reason)


def test_folders_give_the_split_and_val_is_left_out(tmp_path: Path) -> None:
    for number, part in enumerate(("train", "test", "val")):
        write_shard(tmp_path / part / "0.tar", samples(10 * number, 10 * number + 5))
    found = read("en", tmp_path)
    assert [(record.id, record.split) for record in found.records] == [
        (f"{part}/0/{10 * number + n:06d}.png", part) for number, part in ((1, "test"), (0, "train")) for n in range(5)
    ]
    write_shards(tmp_path, 4)
    with pytest.raises(UserError, match=r"holds shards beside train/; expected one or the other$"):
        read("en", tmp_path)


def test_a_split_without_a_training_part_is_refused(tmp_path: Path) -> None:
    write_shard(tmp_path / "test" / "0.tar", samples(0, 5))
    message = (
        "^webdataset: the split leaves no images to train on, only test: expected train and test, train and val, or"
    )
    with pytest.raises(UserError, match=message):
        read("en", tmp_path)


def test_a_training_part_alone_is_no_split(tmp_path: Path) -> None:
    write_shard(tmp_path / "train" / "0.tar", samples(0, 6))
    found = read("en", tmp_path)
    assert [record.split for record in found.records] == [None] * 6
    assert [record.group for record in found.records] == [found.records[n - n % 2].id for n in range(6)]
    assert found.remarks == [
        "the data have a training part only: a fifth of it is kept for testing, as of data without a split"
    ]


def test_names_of_members_are_labels_and_links_are_nothing(tmp_path: Path) -> None:
    (tmp_path / "secret.png").write_bytes(picture(9))
    path = tmp_path / "shards" / "0.tar"
    names = ["../secret", "/etc/passwd", "a/../../secret", "..", "x\\..\\y", "nul\udcff"]
    write_shard(path, [(f"{name}{end}", data) for name in names for end, data in ((".png", b"in"), (".txt", b"t"))])
    with tarfile.open(path, "a") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            for ending in (".png", ".txt"):
                member = tarfile.TarInfo(f"link{kind.decode()}{ending}")
                member.type, member.linkname = kind, "../secret.png"
                archive.addfile(member)
    found = read("en", path.parent)
    assert [record.id for record in found.records] == [
        "0/../secret.png",
        "0//etc/passwd.png",
        "0/a/../../secret.png",
        "0/nul?.png",
    ]
    assert set(reasons_of(found)) == {"0/x\\..\\y.png"}  # it has a dot; "...png" is hidden, as open_clip_train has it
    assert {record.image.read_bytes() for record in found.records} == {b"in"}
    assert sorted(file.name for file in tmp_path.rglob("*")) == ["0.tar", "secret.png", "shards"]


def archive_bytes(tmp_path: Path) -> bytes:
    return write_shard(tmp_path / "whole" / "0.tar", samples(0, 6)).read_bytes()


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda data: data[:522], "is cut short in"),
        (lambda data: data[:1_500], "is damaged, or cut short, at byte 1024 of 1500$"),
        (lambda data: data[:5_120], "is damaged, or cut short, at byte 5120 of 5120$"),
        (lambda data: data[:2_048] + b"\xff" * 512 + data[2_560:], "is damaged, or cut short, at byte 2048"),
        (lambda data: data[:1_124] + b"7" + data[1_125:], "is damaged, or cut short, at byte 1024"),
        (lambda data: data[1:], "is no tar file, or damaged: "),
        (lambda data: b"", "is no tar file, or damaged: "),
        (lambda data: b"<html></html>" * 100, "is no tar file, or damaged: "),
        (lambda data: data + data, "holds more than one archive"),
        (lambda data: bytes(10_240), "no pair of image and caption is left$"),
    ],
)
def test_a_damaged_shard_is_one_line(damage: Callable[[bytes], bytes], message: str, tmp_path: Path) -> None:
    (tmp_path / "0.tar").write_bytes(damage(archive_bytes(tmp_path)))
    with pytest.raises(UserError, match=message) as caught:
        read("en", tmp_path)
    assert "\n" not in str(caught.value)


@settings(max_examples=100, deadline=None)
@given(at=st.integers(0, 6_143), value=st.binary(min_size=1, max_size=12), cut=st.integers(0, 10_240))
def test_whatever_the_damage_only_our_own_error_comes_out(
    at: int, value: bytes, cut: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("fuzz")
    data = archive_bytes(directory)
    (directory / "0.tar").write_bytes((data[:at] + value + data[at + len(value) :])[: max(cut, at)])
    found = None
    with contextlib.suppress(UserError):
        found = read("en", directory)
    assert found is None or all(len(record.image.read_bytes()) < 10_240 for record in found.records)


def test_a_shard_that_becomes_shorter_is_an_error_of_reading(tmp_path: Path) -> None:
    path = write_shard(tmp_path / "0.tar", samples(0, 3))
    *_, last = (piece for piece in pieces(path) if piece.suffix == ".png")
    path.write_bytes(path.read_bytes()[:1_000])
    with pytest.raises(OSError, match="has become shorter"):
        last.read_bytes()
    assert Piece(path, 0, 0, "a").suffix == ""


@pytest.mark.parametrize("ending", [".tar.gz", ".tgz", ".tar.bz2", ".TAR.GZ"])
def test_compressed_shards_are_refused_with_the_remedy(ending: str, tmp_path: Path) -> None:
    write_shards(tmp_path, 4)
    (tmp_path / f"9{ending}").write_bytes(b"")
    with pytest.raises(UserError, match=r"is compressed, and images are read from their place; unpack it to a \.tar$"):
        read("en", tmp_path)


@pytest.mark.parametrize(("pack", "kind"), [(gzip.compress, "gzip"), (bz2.compress, "bzip2"), (lzma.compress, "xz")])
def test_a_compressed_shard_under_a_plain_name_is_told_as_well(
    pack: Callable[[bytes], bytes], kind: str, tmp_path: Path
) -> None:
    (tmp_path / "0.tar").write_bytes(pack(archive_bytes(tmp_path / "other")))
    with pytest.raises(UserError, match=rf"0\.tar is compressed \({kind}\), and images are .*; unpack it to a \.tar$"):
        read("en", tmp_path)


def test_a_file_packed_with_holes_left_out_is_refused(tmp_path: Path) -> None:
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(1_000_000)
        file.seek(500_000)
        file.write(picture(1))
    made = subprocess.run(["tar", "-C", tmp_path, "-cSf", tmp_path / "0.tar", "a.png"], check=False)
    if made.returncode:
        pytest.skip("this tar packs no holes")
    with pytest.raises(UserError, match=r"0\.tar is packed with holes left out; pack it without --sparse$"):
        read("en", tmp_path)


def test_two_shards_whose_samples_would_have_one_name(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.tar", samples(0, 2))
    write_shard(tmp_path / "0.TAR", samples(2, 4))
    if len(list(tmp_path.iterdir())) == 1:
        pytest.skip("this file system knows no case")
    with pytest.raises(UserError, match=r"0\.TAR and 0\.tar give their samples the same names; rename one$"):
        read("en", tmp_path)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"^webdataset: no data; give --data-dir DIR, where DIR holds uncompressed"):
        read("en", None)
    with pytest.raises(UserError, match=r"^webdataset: expected a directory with .*nowhere$"):
        read("en", tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"^webdataset: no \.tar file in "):
        read("en", tmp_path)
    (tmp_path / "0.tar").mkdir()
    with pytest.raises(UserError, match=r"0\.tar is not a file$"):
        read("en", tmp_path)


def test_long_names_and_extended_headers(tmp_path: Path) -> None:
    name = "a" * 150 + "ñ"
    buffer = io.BytesIO()
    for kind in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        with tarfile.open(tmp_path / f"{kind}.tar", "w", format=kind) as archive:
            for ending, data in ((".png", picture(1)), (".json", json.dumps({"caption": f"{kind}"}).encode())):
                member = tarfile.TarInfo(name + ending)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
    assert not buffer.getvalue()
    found = read("en", tmp_path)
    assert sorted(captions_of(found).values()) == [("1",), ("2",)]
    assert {record.image.read_bytes() for record in found.records} == {picture(1)}
