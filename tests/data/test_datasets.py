"""What every dataset by name must give, whatever it is made from."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from local_copy import picture, write_copy
from own_data import write_folder, write_shard, write_shards

from gap.data import DATASETS, PairDataset, open_dataset, prepare
from gap.data.digests import file_digests, images_key
from gap.errors import UserError

SIZE = 16


def arasaac(directory: Path) -> Path:
    """100 pictures; some share a keyword with their neighbours, one is unusable."""
    for language in SOME["arasaac"]:
        words = {number: [f"{language} {number // 3}", f"{number // 7}"][: 1 + number % 2] for number in range(100)}
        write_copy(directory, words, language=language, pictures={42: b"<html></html>"})
    return directory


def folder(directory: Path) -> Path:
    """100 pictures, each two with one caption; the row of one is ragged."""
    write_folder(directory)
    with (directory / "pairs.csv").open("a") as file:
        file.write("42\n")
    return directory


def webdataset(directory: Path) -> Path:
    """100 samples in two shards, and one without a caption."""
    write_shards(directory)
    write_shard(directory / "9.tar", [("42.png", b"")])
    return directory


def huggingface(directory: Path) -> Path:
    """100 rows, each two with one caption, and one without."""
    datasets = pytest.importorskip("datasets")
    datasets.disable_progress_bars()
    rows = {
        "image": [{"bytes": picture(number), "path": None} for number in range(101)],
        "caption": [*(f"caption {number // 2}" for number in range(100)), ""],
    }
    kinds = datasets.Features({"image": datasets.Image(), "caption": datasets.Value("string")})
    datasets.Dataset.from_dict(rows, features=kinds).save_to_disk(directory)
    return directory


# How to get the data of each: made here, bundled (None), or not to be had in this version.
MADE: dict[str, Callable[[Path], Path] | None] = {
    "arasaac": arasaac,
    "pictograms": None,
    "folder": folder,
    "webdataset": webdataset,
    "huggingface": huggingface,
}
LEFT_OUT = {
    "arasaac": "42",
    "pictograms": None,
    "folder": "pairs.csv, line 102",
    "webdataset": "9/42",
    "huggingface": "row/000000100",
}
WITHOUT_READER = {"mscoco"}
SOME = {"arasaac": ("es", "en", "fr", "ar")}  # of its languages, which are read alike
CASES = [(name, language) for name in MADE for language in SOME.get(name) or DATASETS[name].languages or ("en",)]


def test_every_dataset_is_under_this_contract() -> None:
    assert set(MADE) | WITHOUT_READER == set(DATASETS)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("datasets")


@pytest.fixture(scope="module", params=CASES, ids="_".join)
def case(request: pytest.FixtureRequest, root: Path) -> tuple[str, str, Path, Path | None]:
    """A dataset's name and language, its prepared directory and where its data lies."""
    name, language = request.param
    make = MADE[name]
    directory = make(root / name) if make else None
    prepared = prepare(
        name, language=language, image_size=SIZE, data_dir=directory, cache_dir=root / "cache", progress=False
    )
    return name, language, prepared, directory


@pytest.fixture(scope="module")
def dataset(case: tuple[str, str, Path, Path | None]) -> PairDataset:
    return open_dataset(case[2])


def test_images_are_rgb_bytes_of_the_models_size(dataset: PairDataset) -> None:
    assert dataset.images.dtype == np.uint8
    assert dataset.images.shape == (len(dataset.ids), SIZE, SIZE, 3)
    assert len(np.unique(dataset.images.reshape(len(dataset.ids), -1), axis=0)) > 0.9 * len(dataset.ids)


def test_every_image_has_an_id_of_its_own_and_captions(dataset: PairDataset) -> None:
    assert len(set(dataset.ids)) == len(dataset.ids) == len(dataset.captions) > 90
    for captions in dataset.captions:
        assert captions
        assert all(caption == " ".join(caption.split()) != "" for caption in captions)


def test_the_split_is_disjoint_covers_everything_and_is_ascending(dataset: PairDataset) -> None:
    rows = [*dataset.train.tolist(), *dataset.test.tolist()]
    assert sorted(rows) == list(range(len(dataset.ids)))
    for part in (dataset.train, dataset.test):
        assert part.dtype == np.int64
        assert part.tolist() == sorted(part.tolist())
    assert 0.15 < len(dataset.test) / len(dataset.ids) < 0.25


def test_no_caption_is_on_both_sides_whatever_its_case(dataset: PairDataset) -> None:
    train, test = (
        {caption.casefold() for row in part for caption in dataset.captions[row]}
        for part in (dataset.train, dataset.test)
    )
    assert train
    assert test
    assert not train & test


def test_it_says_what_it_is(case: tuple[str, str, Path, Path | None], dataset: PairDataset) -> None:
    assert (dataset.name, dataset.language) == case[:2]
    assert dataset.licence == DATASETS[dataset.name].licence
    assert dataset.licence
    for value in (dataset.data_hash, dataset.split_hash):
        assert len(value) == 64
        assert set(value) <= set("0123456789abcdef")


def test_what_is_left_out_is_named(case: tuple[str, str, Path, Path | None], dataset: PairDataset) -> None:
    left_out = LEFT_OUT[case[0]]
    assert [one["id"] for one in dataset.skipped] == ([left_out] if left_out else [])
    assert all(one["reason"] for one in dataset.skipped)
    assert not {one["id"] for one in dataset.skipped} & set(dataset.ids)


def test_prepared_again_it_is_the_same_directory(case: tuple[str, str, Path, Path | None], root: Path) -> None:
    name, language, prepared, directory = case
    again = prepare(
        name, language=language, image_size=SIZE, data_dir=directory, cache_dir=root / "cache", progress=False
    )
    assert again == prepared


def test_reading_it_twice_gives_the_same_records(case: tuple[str, str, Path, Path | None]) -> None:
    name, language, _, directory = case
    first, second = (DATASETS[name].read(language, directory, None) for _ in range(2))
    assert first == second
    keys = {images_key(catalogue.records, file_digests(catalogue.records), SIZE) for catalogue in (first, second)}
    assert len(keys) == 1


def test_a_prompt_stands_round_every_caption(case: tuple[str, str, Path, Path | None]) -> None:
    name, language, _, directory = case
    captions = [record.captions for record in DATASETS[name].read(language, directory, "Ein Bild: {}.").records]
    assert captions
    assert all(text.startswith("Ein Bild: ") and text.endswith(".") for of_one in captions for text in of_one)


@pytest.mark.parametrize("name", sorted(name for name, source in DATASETS.items() if source.languages))
def test_an_unknown_language_is_refused_with_those_there_are(name: str, tmp_path: Path) -> None:
    with pytest.raises(
        UserError, match=rf"^unknown language of {name} 'xx'.*{', '.join(sorted(DATASETS[name].languages or ()))}$"
    ):
        prepare(name, language="xx", image_size=SIZE, cache_dir=tmp_path / "cache")


@pytest.mark.parametrize("name", sorted(name for name, source in DATASETS.items() if source.layout))
def test_without_data_one_line_and_nothing_left_behind(name: str, tmp_path: Path) -> None:
    for given in (None, tmp_path / "nowhere"):
        with pytest.raises(UserError, match=rf"^{name}: [^\n]+$"):
            prepare(name, language="en", image_size=SIZE, data_dir=given, cache_dir=tmp_path / "cache")
    assert list(tmp_path.iterdir()) == []
