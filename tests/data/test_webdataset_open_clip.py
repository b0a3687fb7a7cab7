"""Shards are read as open_clip_train's own reader reads them, sample by sample; what only one takes is named."""

import io
import logging
import random
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from local_copy import picture  # and with it gap, before torchvision is imported
from open_clip_train.data import filter_no_caption_or_no_image, log_and_continue, tarfile_to_samples_nothrow
from own_data import write_shard

from gap.data.captions import clean_caption
from gap.data.records import Catalogue
from gap.data.webdataset.catalogue import read
from gap.errors import UserError

Files = Sequence[tuple[str, bytes]]
IMAGE_ENDINGS = ("jpg", "png", "jpeg", "webp")  # in the order of open_clip_train's rename


def their_samples(shard: Path) -> list[dict[str, Any]]:
    """Samples of a shard by open_clip_train's reader, before it filters."""
    source: dict[str, Any] = {"url": str(shard)}
    samples = list(tarfile_to_samples_nothrow([source], handler=log_and_continue))
    source["stream"].close()  # it leaves that to whoever collects it
    return samples


def theirs(*shards: Path) -> list[tuple[bytes, str]]:
    """The image and caption of each sample that it trains on, in its order."""
    return [
        (next(sample[ending] for ending in IMAGE_ENDINGS if ending in sample), sample["txt"].decode("utf-8"))
        for shard in shards
        for sample in their_samples(shard)
        if filter_no_caption_or_no_image(sample)
    ]


def ours(catalogue: Catalogue) -> list[tuple[bytes, str]]:
    """The same of our reader, in the order of the shards."""
    records = sorted(catalogue.records, key=lambda record: (record.image.path, record.image.offset))  # type: ignore[attr-defined]
    return [(record.image.read_bytes(), caption) for record in records for caption in record.captions]


def both(directory: Path, files: Files) -> tuple[Catalogue, list[tuple[bytes, str]]]:
    return read("en", write_shard(directory / "0.tar", files).parent), theirs(directory / "0.tar")


def pairs(*names: str) -> list[tuple[str, bytes]]:
    """A picture of its own and a caption of its own for each name."""
    return [
        file
        for number, name in enumerate(names)
        for file in ((f"{name}.jpg", picture(number)), (f"{name}.txt", f"caption {number}".encode()))
    ]


def with_shadows(files: Files) -> list[tuple[str, bytes]]:
    """As a Mac packs them: before each file one of the same name with its attributes."""
    shadows = [(f"{name[: name.rfind('/') + 1]}._{name[name.rfind('/') + 1 :]}", b"\0\5\26\7") for name, _ in files]
    return [one for shadow, file in zip(shadows, files, strict=True) for one in (shadow, file)]


KEYS = [f"{n:03d}" for n in range(30)]
SHARDS: dict[str, tuple[Files, int]] = {
    "plain": (pairs(*KEYS), 30),
    "one name for all of a class": (pairs(*(f"class{n // 10}" for n in range(300))), 300),
    "one name for all": (pairs(*["image"] * 40), 40),
    "a name that comes back": (pairs("a", "b", "a", "c", "a"), 5),
    "packed on a Mac": (with_shadows(pairs(*KEYS)), 30),
    "packed on a Mac below a dot": ([("./._.", b"\0"), *with_shadows(pairs(*(f"./{key}" for key in KEYS)))], 30),
    "meta members": ([("__meta__", b"{}"), *pairs("a"), ("__notes__/x.jpg", b"1"), ("__notes__/x.txt", b"2")], 1),
    "a meta member between": ([("a.jpg", picture(1)), ("__index__", b"1"), ("a.txt", b"one")], 1),
    "documents": ([("README", b"1"), ("README.md", b"2"), ("LICENSE.txt", b"3"), *pairs("a", "b")], 2),
    "a document without ending between": ([("a.jpg", picture(1)), ("Makefile", b"x"), ("a.txt", b"one")], 1),
    "hidden members": ([(".DS_Store", b"x"), ("a.jpg", picture(1)), (".x.txt", b"no"), ("a.txt", b"one")], 1),
    "folders with dots": (pairs("v1.0/a", "v1.1/a", "./b.c/a"), 3),
    "endings in capitals": ([("a.JPG", picture(1)), ("a.TXT", b"one"), ("b.Jpeg", picture(2)), ("b.txt", b"two")], 2),
    "several images": ([("a.webp", picture(1)), ("a.png", picture(2)), ("a.jpg", picture(3)), ("a.txt", b"one")], 1),
    "captions beside metadata": ([("a.json", b'{"caption": "no"}'), ("a.jpg", picture(1)), ("a.txt", b"one")], 1),
    "the image's ending twice": ([("a.jpg", picture(1)), ("a.jpg", picture(2)), ("a.txt", b"one")], 1),
    "the caption's ending twice": ([("a.jpg", picture(1)), ("a.txt", b"one"), ("a.TXT", b"two")], 1),
    "parts of a sample apart": ([("a.jpg", picture(1)), *pairs("b"), ("a.txt", b"one")], 1),
    "all images, then all captions": ([*pairs(*KEYS)[::2], *pairs(*KEYS)[1::2]], 0),
    "names with dots": (pairs("img.001", "img.002"), 0),
    "masks and classes": ([("a.seg.png", b"m"), ("a.cls", b"7"), ("a.jpg", picture(1)), ("a.txt", b"one")], 1),
    "not told": ([("a.jpg", picture(1)), ("b.txt", b"two")], 0),
    "long names": (pairs("a" * 150 + "ñ", "b/" * 60 + "c"), 2),
}


@pytest.mark.parametrize("name", SHARDS)
def test_the_same_samples_as_open_clip_train(name: str, tmp_path: Path) -> None:
    files, count = SHARDS[name]
    if not count:
        assert theirs(write_shard(tmp_path / "0.tar", files)) == []
        with pytest.raises(UserError, match=r"no pair of image and caption is left: 0/"):
            read("en", tmp_path)
        return
    found, expected = both(tmp_path, files)
    assert ours(found) == expected
    assert len(expected) == count
    ids = [record.id for record in found.records]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("kind", [tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_whatever_the_headers(kind: int, tmp_path: Path) -> None:
    with tarfile.open(
        tmp_path / "0.tar", "w", format=kind, pax_headers={"comment": "packed"} if kind == 2 else {}
    ) as out:
        for name, data in pairs("a", "niño/ñ" * (1 if kind == tarfile.USTAR_FORMAT else 20), "b"):
            member = tarfile.TarInfo(name)
            member.size = len(data)
            member.pax_headers = {"SCHILY.xattr.user.a": "1"} if kind == tarfile.PAX_FORMAT else {}
            out.addfile(member, io.BytesIO(data))
    assert ours(read("en", tmp_path)) == theirs(tmp_path / "0.tar")
    assert len(read("en", tmp_path).records) == 3


def test_several_shards_with_the_same_names(tmp_path: Path) -> None:
    shards = [write_shard(tmp_path / f"{n}.tar", pairs("same", "same", f"{n}")) for n in range(3)]
    found = read("en", tmp_path)
    assert ours(found) == theirs(*shards)
    assert [record.id for record in found.records] == [
        name for n in range(3) for name in (f"{n}/{n}.jpg", f"{n}/same.2.jpg", f"{n}/same.jpg")
    ]


names = st.builds("{}{}.{}".format, st.sampled_from(["", "", "d/", "./"]), st.sampled_from("ab"),
                  st.sampled_from(["jpg", "png", "txt", "TXT", "json", "seg.png", ""]))  # fmt: skip
odd = st.sampled_from(["__meta__", "._a.jpg", ".b.txt", "README", "README.md", "__x__/a.jpg", "c.", "a", "LICENSE.txt"])


@settings(max_examples=150, deadline=None)
@given(members=st.lists(names | odd, max_size=14))
def test_any_order_of_members_gives_their_samples_and_names_the_rest(
    members: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    files = [
        (
            name,
            picture(n) if name.endswith(("jpg", "png")) else b'{"caption": ""}' if name.endswith("json") else b"%d" % n,
        )
        for n, name in enumerate(members)
    ]
    directory = tmp_path_factory.mktemp("any")
    found, expected = both(directory, [*files, *pairs("zz")])
    assert ours(found) == expected
    samples = their_samples(directory / "0.tar")
    with_image = [sample for sample in samples if any(is_image(ending) for ending in sample)]
    captions_alone = [
        sample for sample in samples
        if sample not in with_image and "txt" in sample and sample["__key__"] not in ("README", "LICENSE")
    ]  # fmt: skip
    assert len(found.records) + sum(one.images for one in found.skipped) == len(with_image) + len(captions_alone)


def is_image(ending: str) -> bool:
    return ending.rpartition(".")[2] in IMAGE_ENDINGS


@pytest.mark.parametrize("caption", [b"", b" \n", b"\x00\x01"])
def test_an_empty_caption_which_they_take_is_left_out_and_named(caption: bytes, tmp_path: Path) -> None:
    found, expected = both(tmp_path, [*pairs(*KEYS), ("x.jpg", picture(99)), ("x.txt", caption)])
    assert [clean_caption(text) for _, text in expected].count(None) == 1
    assert ours(found) == expected[:-1]
    (one,) = found.skipped
    assert one.id == "0/x"
    assert (one.images, one.captions) == (1, 1)


def test_a_folder_packed_on_a_mac_is_read_whole_where_they_lose_it(tmp_path: Path) -> None:
    found, expected = both(tmp_path, with_shadows(pairs(*(f"in/{key}" for key in KEYS))))
    assert expected == []
    assert [caption for _, caption in ours(found)] == [f"caption {n}" for n in range(30)]
    assert found.skipped == []


def test_a_sample_is_never_made_of_two_shards(tmp_path: Path) -> None:
    write_shard(tmp_path / "0.tar", [*pairs("a"), ("x.jpg", picture(7))])
    write_shard(tmp_path / "1.tar", [("x.txt", b"of another image"), *pairs("b")])
    found = read("en", tmp_path)
    assert [record.id for record in found.records] == ["0/a.jpg", "1/b.jpg"]
    assert {one.id: one.reason for one in found.skipped} == {
        "0/x": "no caption", "1/x": "no image (jpg, png, jpeg, webp)"
    }  # fmt: skip


def test_a_shard_cut_short_is_refused_where_they_take_what_is_left(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shard = write_shard(tmp_path / "0.tar", pairs(*KEYS))
    shard.write_bytes(shard.read_bytes()[:20_000])
    with caplog.at_level(logging.WARNING):
        assert 0 < len(theirs(shard)) < 30
    with pytest.raises(UserError, match=r"^webdataset: .*0\.tar is [^\n]*damaged: unexpected end of data$"):
        read("en", tmp_path)


def test_members_in_another_order_are_other_samples_with_the_same_ids(tmp_path: Path) -> None:
    samples = [pairs("a")[:2], [("b.txt", b"two"), ("b.jpg", picture(2))], [("c.jpg", picture(3)), ("c.txt", b"three")]]
    first = read("en", write_shard(tmp_path / "x" / "0.tar", [file for one in samples for file in one]).parent)
    random.Random(0).shuffle(samples)
    second = read("en", write_shard(tmp_path / "y" / "0.tar", [file for one in samples for file in one]).parent)
    assert [(one.id, one.captions, one.group) for one in first.records] == [
        (one.id, one.captions, one.group) for one in second.records
    ]
