"""From a source of pictures and words to a prepared dataset in the cache."""

import os
import shutil
from pathlib import Path
from typing import Any

from gap.data.arrays import find_or_make
from gap.data.cache import default_cache, remove_dead_parts
from gap.data.columns import texts_of
from gap.data.dataset import CAPTIONS, IMAGES, SPLITS
from gap.data.describe import describe_captions, describe_split
from gap.data.images import ARRAY
from gap.data.integrity import build_intact
from gap.data.json_stream import digest, json_pieces
from gap.data.progress import say
from gap.data.prompts import check_prompt
from gap.data.records import Catalogue, Source, check_language, count_skipped, name_some, stop_if_unusable
from gap.data.sources import DATASETS
from gap.errors import UserError, unknown


def _directory(dataset: str, source: Source, data_dir: Path | None, cache: Path) -> Path | None:
    """Find the directory to read: the one given, or else the cached copy; None where there is neither."""
    if source.layout is None:
        if data_dir is not None:
            raise UserError(f"{dataset} is bundled and reads no data directory, got {data_dir}")
        return None
    cached = cache / "sources" / dataset
    return data_dir if data_dir is not None else cached if cached.is_dir() else None


def read_catalogue(
    dataset: str, language: str, *, data_dir: Path | None = None, cache_dir: Path | None = None, prompt: str | None
) -> Catalogue:
    """Read a dataset's records without preparing them. Raises UserError as :func:`prepare` does."""
    if dataset not in DATASETS:
        raise unknown("dataset", dataset, DATASETS)
    source, cache = DATASETS[dataset], (cache_dir or default_cache()).absolute()
    check_language(dataset, source, language)
    if prompt is not None:
        check_prompt(prompt)
    directory = _directory(dataset, source, data_dir, cache)
    try:
        return source.read(language, directory, prompt)
    except OSError as error:  # What a source did not foresee, such as a lack of permission, is the user's to know, too.
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


def _link(source: Path, target: Path) -> None:
    """Share a file, or copy it on file systems without hard links."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _write_json(path: Path, content: dict[str, Any]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json_pieces(content))


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
    a hash of its content: a second call only looks at the files' sizes and times, and a changed file gives a new
    directory. What has changed in the cache itself is said and made again. The path is absolute.
    It can be interrupted at any moment, goes on when called again, and may be run by several processes at once.
    ``progress`` shows a bar on standard error at a terminal, and a line elsewhere. ``prompt`` is a text with one
    ``{}``, where the keywords or the caption go (default: the source's own for the language). What is unusable is
    skipped and named, up to 1 % of the images and 1 % of the captions, each counted against its own kind.

    Raises UserError for an unknown dataset or language, a prompt without its one ``{}``, an ``image_size`` below 1, a
    missing or malformed source, more than 1 % of unusable images or captions, and a cache that cannot be written to.
    """
    if image_size < 1:
        raise UserError(f"image_size: expected a positive number of pixels, got {image_size}")
    cache = (cache_dir or default_cache()).absolute()
    catalogue = read_catalogue(dataset, language, data_dir=data_dir, cache_dir=cache, prompt=prompt)
    array = find_or_make(dataset, catalogue, image_size=image_size, cache=cache, progress=progress)
    without_pixels = [*array.unreadable, *array.undecodable]
    stop_if_unusable(dataset, catalogue, without_pixels)

    skipped = [*catalogue.skipped, *without_pixels]
    left_out = {one.id for one in without_pixels}
    texts = texts_of(catalogue.records).without(left_out)
    described = describe_captions(
        dataset, language, image_size, licence=DATASETS[dataset].licence, key=array.key, texts=texts, skipped=skipped
    )
    split = describe_split(dataset, texts, catalogue.remarks)
    prepared = cache / "datasets" / f"{dataset}_{language}_{image_size}-{digest((described, split))[:16]}"
    remove_dead_parts(prepared.parent)

    def fill(part: Path) -> None:
        _link(array.directory / ARRAY, part / IMAGES)
        _write_json(part / CAPTIONS, described)
        _write_json(part / SPLITS, split)

    if build_intact(prepared, fill) and progress and skipped:
        lost = count_skipped(skipped, images=catalogue.images, captions=catalogue.captions)
        say(f"{dataset}: skipped {lost}: {name_some(skipped)}")
    return prepared
