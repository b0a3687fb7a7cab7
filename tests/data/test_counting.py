"""Counts of unusable data, images against images and captions against captions; 1 % of each passes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from local_copy import picture
from own_data import write_pictures, write_shard, write_table

from gap.data.pairing import Fault, Row, pair
from gap.data.prepare import prepare, read_catalogue
from gap.data.records import Skipped, count_skipped, stop_if_unusable
from gap.errors import UserError

CAPTIONS = 5


def folder(directory: Path, texts: list[list[str | None]], missing: set[int]) -> Path:
    """A row a caption."""
    write_pictures(directory, len(texts))
    for number in missing:
        (directory / f"{number:03d}.png").unlink()
    rows = [{"image": f"{n:03d}.png", "caption": text} for n, of_one in enumerate(texts) for text in of_one]
    return write_table(directory, rows)


def lists(directory: Path, texts: list[list[str | None]], missing: set[int]) -> Path:
    """A line an image, with a list of captions."""
    write_pictures(directory, len(texts))
    for number in missing:
        (directory / f"{number:03d}.png").unlink()
    return write_table(directory, [{"image": f"{n:03d}.png", "caption": of} for n, of in enumerate(texts)], ".jsonl")


def webdataset(directory: Path, texts: list[list[str | None]], missing: set[int]) -> Path:
    files = [
        file
        for n, of_one in enumerate(texts)
        for file in ((f"{n:03d}.png", picture(n)), (f"{n:03d}.json", json.dumps({"caption": of_one}).encode()))
        if not (n in missing and file[0].endswith("png"))
    ]
    return write_shard(directory / "0.tar", files).parent


def huggingface(directory: Path, texts: list[list[str | None]], missing: set[int]) -> Path:
    """Its rows hold their images: one that is missing is one that does not decode."""
    import datasets

    datasets.disable_progress_bars()
    kinds = datasets.Features({"image": datasets.Image(), "caption": datasets.Sequence(datasets.Value("string"))})
    images = [{"bytes": b"<html>" if n in missing else picture(n), "path": None} for n in range(len(texts))]
    datasets.Dataset.from_dict({"image": images, "caption": texts}, features=kinds).save_to_disk(directory)
    return directory


def mscoco(directory: Path, texts: list[list[str | None]], missing: set[int]) -> Path:
    (directory / "annotations").mkdir(parents=True)
    for name in ("train2014", "val2014"):
        (directory / name).mkdir()
    images, annotations = list[Any](), list[Any]()
    for n, of_one in enumerate(texts):
        if n not in missing:
            (directory / "train2014" / f"{n}.jpg").write_bytes(picture(n))
        part = "test" if n % 5 == 4 else "train"
        images.append({"cocoid": n, "split": part, "filepath": "train2014", "filename": f"{n}.jpg"})
        annotations += [{"id": 9 * n + k, "image_id": n, "caption": text} for k, text in enumerate(of_one)]
    (directory / "dataset_coco.json").write_text(json.dumps({"images": images}))
    nobody = [{"id": -1, "image_id": -1, "caption": "of no image"}]
    for name, content in (("train2014", annotations), ("val2014", nobody)):
        (directory / "annotations" / f"captions_{name}.json").write_text(json.dumps({"annotations": content}))
    return directory


Make = Callable[[Path, list[list[str | None]], set[int]], Path]
MADE: dict[str, tuple[str, Make]] = {
    "a table": ("folder", folder),
    "a table of lists": ("folder", lists),
    "shards": ("webdataset", webdataset),
    "a saved dataset": ("huggingface", huggingface),
    "COCO": ("mscoco", mscoco),
}


def texts_of(images: int, empty: int = 0, wholly: int = 0) -> list[list[str | None]]:
    """Five captions an image; ``empty`` images have a blank one among them, ``wholly`` further ones no other."""
    texts: list[list[str | None]] = [[f"caption {k} of {n}" for k in range(CAPTIONS)] for n in range(images)]
    for n in range(empty):
        texts[3 * n][n % CAPTIONS] = " " if n % 2 else ""
    for n in range(wholly):
        texts[-1 - 2 * n] = [""] * CAPTIONS
    return texts


@pytest.mark.parametrize("kind", MADE)
@pytest.mark.parametrize(
    ("images", "empty", "wholly", "missing", "refused"),
    [
        (200, 5, 0, 0, None),
        (200, 10, 0, 0, None),  # exactly 1 % of the captions
        (200, 11, 0, 0, "11 of 1,000 captions"),
        (300, 0, 0, 1, None),
        (300, 0, 0, 3, None),  # exactly 1 % of the images, whatever their captions
        (300, 0, 0, 4, "4 of 300 images"),
        (100, 0, 1, 0, None),
        (100, 0, 2, 0, "2 of 100 images"),  # an image without a usable caption is one that cannot be used
        (299, 0, 0, 3, "3 of 299 images"),
        (200, 9, 0, 2, None),  # the two are not added
    ],
)
def test_one_per_cent_of_either_is_the_border(
    kind: str, images: int, empty: int, wholly: int, missing: int, refused: str | None, tmp_path: Path
) -> None:
    name, make = MADE[kind]
    gone = {images - 2 - 2 * n for n in range(missing)}
    data = make(tmp_path / "data", texts_of(images, empty, wholly), gone)
    catalogue = read_catalogue(name, "en", data_dir=data, cache_dir=tmp_path / "cache", prompt=None)
    # What does not decode is known later, and is among the records until then.
    undecodable = [Skipped(str(n), "no image") for n in gone] if name == "huggingface" else []
    assert catalogue.images == images
    assert len(catalogue.records) == images - wholly - (missing if not undecodable else 0)
    if refused:
        with pytest.raises(UserError, match=rf"^{name}: {refused} are unusable, at most 1% may be: [^\n]+$"):
            stop_if_unusable(name, catalogue, undecodable)
    else:
        stop_if_unusable(name, catalogue, undecodable)
    assert bool(catalogue.skipped or undecodable) == bool(empty or wholly or missing)


@pytest.mark.parametrize("kind", MADE)
def test_a_study_gets_the_rest_and_is_told(kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, make = MADE[kind]
    data = make(tmp_path / "data", texts_of(120, empty=3), {118})
    prepare(name, language="en", image_size=8, data_dir=data, cache_dir=tmp_path / "cache")
    lost_with_the_image = 0 if name == "huggingface" else CAPTIONS
    total = 120 * CAPTIONS - lost_with_the_image
    assert f"{name}: skipped 1 of 120 images and 3 of {total} captions: " in capsys.readouterr().err


def test_what_is_not_decodable_counts_as_images_in_preparing(tmp_path: Path) -> None:
    data = huggingface(tmp_path / "data", texts_of(100, empty=5), {1, 2})
    with pytest.raises(UserError, match=r"^huggingface: 2 of 100 images are unusable, at most 1% may be: "):
        prepare("huggingface", language="en", image_size=8, data_dir=data, cache_dir=tmp_path / "cache", progress=False)


def paired(*rows: Row | Fault) -> Any:
    return pair("folder", rows, lambda ids, at: lambda row: Path(str(ids[row])), None)


def row(image: str, caption: str, **more: Any) -> Row:
    return Row(f"{image} {caption}", image, caption, **more)


def test_an_image_is_lost_once_whatever_its_rows() -> None:
    found = paired(*(Fault(f"line {n}", "no image file", "image", image="gone") for n in range(5)), row("a", "1"))
    assert [(one.images, one.captions) for one in found.skipped] == [(1, 0), *[(0, 0)] * 4]
    assert (found.images, found.captions) == (2, 1)


def test_a_row_that_repeats_another_is_a_caption_and_one_without_image_too() -> None:
    found = paired(row("a", "1"), row("a", "1"), Fault("line 3", "2 cells"), row("b", "2"))
    assert [(one.images, one.captions) for one in found.skipped] == [(0, 1), (0, 1)]
    assert (found.images, found.captions) == (2, 4)


def test_an_image_that_no_row_is_left_of_is_lost() -> None:
    found = paired(row("a", "1", split="train"), row("b", "2", split="test"), row("c", "3"), row("c", "4"))
    assert [(one.reason, one.images, one.captions) for one in found.skipped] == [
        ("no split, which other rows have", 1, 1),
        ("no split, which other rows have", 0, 1),
    ]
    assert (found.images, found.captions) == (3, 4)


def test_faults_of_a_part_that_is_left_out_are_named_and_not_counted() -> None:
    found = paired(
        row("a", "1", split="train"), row("b", "2", split="test"), row("c", "3", split="val"),
        *(Fault(f"line {n}", "no image file", "image", image=f"{n}", split="val") for n in range(50)),
    )  # fmt: skip
    assert len(found.skipped) == 50
    assert (found.images, found.captions) == (2, 2)
    stop_if_unusable("folder", found)


def test_both_units_are_told() -> None:
    lost = [Skipped("a", "empty"), Skipped("line 3", "no caption", 0, 2), Skipped("README", "a document", 0, 0)]
    assert count_skipped(lost, images=300, captions=1_500) == "1 of 300 images and 2 of 1,500 captions"
    assert count_skipped(lost[:1], images=300, captions=1_500) == "1 of 300 images"


def test_documents_of_a_shard_are_named_and_not_counted(tmp_path: Path) -> None:
    files = [file for n in range(20) for file in ((f"{n}.png", picture(n)), (f"{n}.txt", b"%d" % n))]
    documents = [("README.md", b"# a"), ("LICENSE.txt", b"free"), ("./__meta__/x.txt", b"1"), ("stats.json", b"{}")]
    data = write_shard(tmp_path / "data" / "0.tar", [*documents, *files]).parent
    found = read_catalogue("webdataset", "en", data_dir=data, prompt=None)
    assert {one.id: one.reason for one in found.skipped} == {
        "0/README": "a document, and no sample", "0/LICENSE": "a document, and no sample",
        "0/./__meta__/x": "a document, and no sample", "0/stats": "neither an image nor a caption",
    }  # fmt: skip
    assert (found.images, found.captions) == (20, 20)
    prepare("webdataset", language="en", image_size=8, data_dir=data, cache_dir=tmp_path / "cache", progress=False)


def test_images_that_a_dot_in_their_names_makes_one_sample_are_counted_each(tmp_path: Path) -> None:
    files = [file for n in range(200) for file in ((f"{n}.png", picture(n)), (f"{n}.txt", b"%d" % n))]
    dotted = [file for n in range(9) for file in ((f"img.{n}.jpg", picture(n)), (f"img.{n}.txt", b"%d" % n))]
    found = read_catalogue(
        "webdataset", "en", data_dir=write_shard(tmp_path / "0.tar", [*files, *dotted]), prompt=None
    )  # fmt: skip
    with pytest.raises(UserError, match=r"^webdataset: 9 of 209 images are unusable.*0/img\.0\.jpg \(a dot before the"):
        stop_if_unusable("webdataset", found)


def test_captions_apart_from_their_images_are_named_with_the_remedy(tmp_path: Path) -> None:
    files = [*((f"{n}.png", picture(n)) for n in range(3)), *((f"{n}.txt", b"x") for n in range(3)),
             ("9.png", picture(9)), ("9.txt", b"nine")]  # fmt: skip
    found = read_catalogue("webdataset", "en", data_dir=write_shard(tmp_path / "0.tar", files), prompt=None)
    assert {one.id for one in found.skipped} == {f"0/{n}{again}" for n in range(3) for again in ("", ".2")}
    assert all(one.reason.endswith("only neighbours are one sample; pack it sorted by name") for one in found.skipped)
