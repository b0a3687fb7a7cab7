"""From a source of pictures and words to a prepared dataset in the cache."""

import json
import os
import shutil
from pathlib import Path

from gap.data.cache import default_cache, remove_dead_parts
from gap.data.dataset import CAPTIONS, FORMAT, IMAGES, SPLITS, digest, hash_split
from gap.data.images import ARRAY, LEFT_OUT, file_digests, images_key, write_images
from gap.data.integrity import build_intact
from gap.data.progress import say
from gap.data.prompts import BARE
from gap.data.records import Catalogue, Record, Skipped, Source, check_language, name_some, stop_if_many
from gap.data.sources import DATASETS
from gap.data.splits import SEED, TEST_FRACTION, split_groups
from gap.errors import UserError, unknown


def _directory(dataset: str, source: Source, data_dir: Path | None, cache: Path) -> Path | None:
    """Find the directory to read: the one given, or else the cached copy; None where there is neither."""
    if source.layout is None:
        if data_dir is not None:
            raise UserError(f"{dataset} is bundled and reads no data directory, got {data_dir}")
        return None
    cached = cache / "sources" / dataset
    return data_dir if data_dir is not None else cached if cached.is_dir() else None


def _read(dataset: str, language: str, directory: Path | None, prompt: str | None) -> Catalogue:
    """Read the source; what it did not foresee, such as a lack of permission, is the user's to know, too."""
    try:
        return DATASETS[dataset].read(language, directory, prompt)
    except OSError as error:
        raise UserError(f"{dataset}: cannot read {error.filename or directory}: {error.strerror or error}") from error


def is_at_hand(dataset: str, *, data_dir: Path | None = None, cache_dir: Path | None = None) -> bool:
    """Tell whether a dataset can be prepared: it is bundled, its directory is given, or a copy is cached.

    >>> is_at_hand("pictograms")
    True
    """
    if dataset not in DATASETS:
        raise unknown("dataset", dataset, DATASETS)
    cached = (cache_dir or default_cache()) / "sources" / dataset
    return DATASETS[dataset].layout is None or data_dir is not None or cached.is_dir()


def _readable(dataset: str, catalogue: Catalogue, digests: dict[str, str]) -> Catalogue:
    """Move the records whose image file cannot be read to the skipped ones; stop when these are too many."""
    records = [record for record in catalogue.records if record.id in digests]
    unreadable = [
        Skipped(record.id, f"{record.image.name}: cannot be read")
        for record in catalogue.records
        if record.id not in digests
    ]
    skipped = [*catalogue.skipped, *unreadable]
    stop_if_many(dataset, skipped, len(records) + len(skipped))
    return Catalogue(records, skipped)


def _describe(
    dataset: str, language: str, image_size: int, key: str, records: list[Record], skipped: list[Skipped]
) -> tuple[dict[str, object], dict[str, object]]:
    """Make the content of ``captions.json`` and ``splits.json``."""
    ids = [record.id for record in records]
    groups = [record.group for record in records]
    captions = [list(record.captions) for record in records]
    published = bool(records) and all(record.split for record in records)
    try:
        if published:
            train, test = ([i for i, one in enumerate(records) if one.split == part] for part in ("train", "test"))
        else:
            train, test = (rows.tolist() for rows in split_groups(groups))
    except ValueError as error:
        raise UserError(f"{dataset}: too few pictures with captions of their own: {error}") from error
    described = {
        "format": FORMAT,
        "name": dataset,
        "language": language,
        "image_size": image_size,
        "licence": DATASETS[dataset].licence,
        "data_hash": digest([key, dataset, language, ids, captions, groups]),
        "ids": ids,
        "captions": captions,
        "groups": groups,
        "skipped": [{"id": one.id, "reason": one.reason} for one in skipped],
    }
    split: dict[str, object] = {
        "format": FORMAT,
        "method": "as the source publishes it" if published else "whole groups by ascending sha256('seed/group')",
        "seed": None if published else SEED,
        "test_fraction": len(test) / len(ids) if published else TEST_FRACTION,
        "split_hash": hash_split(ids, train, test),
        "train": train,
        "test": test,
    }
    return described, split


def _undecodable(images: Path) -> list[Skipped]:
    """Read what could not be decoded when the array in this directory was made."""
    path = images / LEFT_OUT
    try:
        if not (images / ARRAY).is_file():
            raise FileNotFoundError(f"no {ARRAY}")
        return [Skipped(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{images} is damaged ({error}); delete it and prepare the dataset again") from error


def _link(source: Path, target: Path) -> None:
    """Share a file, or copy it on file systems without hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def prepare(
    dataset: str,
    *,
    language: str,
    image_size: int,
    data_dir: Path | None = None,
    cache_dir: Path | None = None,
    prompt: str | None = None,
    progress: bool = True,
) -> Path:
    """Prepare a dataset for a model's image size and return its directory, which :func:`open_dataset` opens.

    Everything is kept in ``cache_dir`` (default: ``$MODALITY_GAP_CACHE``, or else the user's cache directory) under
    a hash of its content: a second call only hashes the source's files, and a changed file gives a new directory. What
    has changed in the cache itself is said and made again.
    The path is absolute.
    It can be interrupted at any moment and run by several processes at once. ``progress`` shows a bar on standard
    error at a terminal, and a line elsewhere. ``prompt`` is a text with one ``{}``, where the keywords or the caption
    go (default: the source's own for the language). An unusable record is skipped and named, up to 1 % of the records.

    Raises UserError for an unknown dataset or language, a prompt without its one ``{}``, an ``image_size`` below 1, a
    missing or malformed source, more than 1 % of unusable records, and a cache that cannot be written to.
    """
    if dataset not in DATASETS:
        raise unknown("dataset", dataset, DATASETS)
    source = DATASETS[dataset]
    check_language(dataset, source, language)
    if prompt is not None and prompt.count(BARE) != 1:
        raise UserError(f"prompt: expected a text with one {{}}, where the words go, got '{prompt}'")
    if image_size < 1:
        raise UserError(f"image_size: expected a positive number of pixels, got {image_size}")
    cache = (cache_dir or default_cache()).absolute()
    catalogue = _read(dataset, language, _directory(dataset, source, data_dir, cache), prompt)
    digests = file_digests(catalogue.records)
    catalogue = _readable(dataset, catalogue, digests)
    total = len(catalogue.records) + len(catalogue.skipped)

    key = images_key(digests, image_size)
    images = cache / "images" / f"{dataset}_{image_size}-{key[:16]}"
    remove_dead_parts(images.parent)
    build_intact(
        images,
        lambda part: write_images(
            part,
            catalogue.records,
            digests,
            name=dataset,
            image_size=image_size,
            already_skipped=catalogue.skipped,
            progress=progress,
        ),
    )
    undecodable = _undecodable(images)
    skipped = [*catalogue.skipped, *undecodable]
    stop_if_many(dataset, skipped, total)

    left_out = {one.id for one in undecodable}
    records = [record for record in catalogue.records if record.id not in left_out]
    described, split = _describe(dataset, language, image_size, key, records, skipped)
    prepared = cache / "datasets" / f"{dataset}_{language}_{image_size}-{digest([described, split])[:16]}"
    remove_dead_parts(prepared.parent)

    def fill(part: Path) -> None:
        _link(images / ARRAY, part / IMAGES)
        (part / CAPTIONS).write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
        (part / SPLITS).write_text(json.dumps(split), encoding="utf-8")

    if build_intact(prepared, fill) and progress and skipped:
        say(f"{dataset}: skipped {len(skipped)} of {total} records: {name_some(skipped)}")
    return prepared
