"""The array of a dataset's images in the cache: found again by the files' stamps or their content, or made.

Its directory is named after the content, so languages share it. The first time, every file is read once: it is hashed
and decoded in one go, and the name comes last. Where an array of the dataset is there already, all files are hashed
first, since reading is cheaper than decoding. ``known/`` maps stamps to content: nothing is read where both fit.
"""

import contextlib
import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gap.data.cache import build_resumable, remove_dead_parts
from gap.data.digests import file_digests, images_key
from gap.data.images import ARRAY, LEFT_OUT, UnreadableError, write_images
from gap.data.integrity import is_intact, say_changed, seal
from gap.data.journal import is_resumable
from gap.data.pixels import VERSION
from gap.data.records import Catalogue, Skipped, stop_if_unusable
from gap.data.stamps import stamps_key
from gap.data.whole_files import replace_file
from gap.errors import UserError

_KEY = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Array:
    """The directory of an array, the hash of all that decides it, and the records that it has no row for."""

    directory: Path
    key: str
    unreadable: list[Skipped]
    undecodable: list[Skipped]


@dataclass(frozen=True)
class _Wanted:
    name: str
    catalogue: Catalogue
    size: int
    folder: Path
    progress: bool

    def directory(self, key: str) -> Path:
        return self.folder / f"{self.name}_{self.size}-{key[:16]}"


def find_or_make(name: str, catalogue: Catalogue, *, image_size: int, cache: Path, progress: bool) -> Array:
    """Give the array of all records' images. Raises UserError when too many are unusable, or the cache is damaged."""
    wanted = _Wanted(name, catalogue, image_size, cache / "images", progress)
    remove_dead_parts(wanted.folder, keep=is_resumable)
    stamps = stamps_key(catalogue.records, VERSION, image_size)
    known = cache / "known" / f"{name}_{image_size}-{stamps}" if stamps else None
    if stamps and known and (_known(wanted, known) or not any(wanted.folder.glob(f"{name}_{image_size}-*[0-9a-f]"))):
        with contextlib.suppress(UnreadableError):
            directory = build_resumable(
                wanted.directory(stamps), lambda: _known(wanted, known), lambda part: _at_once(wanted, known, part)
            )
            return Array(directory, known.read_text().strip(), [], _undecodable(directory))
    return _hashed_first(wanted, known)


def _known(wanted: _Wanted, known: Path) -> Path | None:
    """Find the array of files with these stamps."""
    try:
        key = known.read_text().strip()
    except (OSError, ValueError):
        return None
    return directory if _KEY.fullmatch(key) and is_intact(directory := wanted.directory(key)) else None


def _remember(known: Path, key: str) -> None:
    replace_file(known, lambda temporary: temporary.write_text(f"{key}\n"))


def _write(wanted: _Wanted, part: Path, digests: np.ndarray | None, skipped: list[Skipped]) -> np.ndarray:
    written = write_images(
        part,
        wanted.catalogue.records,
        digests,
        name=wanted.name,
        image_size=wanted.size,
        already_skipped=skipped,
        progress=wanted.progress,
    )
    seal(part)
    return written.digests


def _at_once(wanted: _Wanted, known: Path, part: Path) -> Path:
    """Hash and decode in one go."""
    records = wanted.catalogue.records
    stop_if_unusable(wanted.name, wanted.catalogue)
    digests = _write(wanted, part, None, wanted.catalogue.skipped)
    key = images_key(records, digests, wanted.size)
    _remember(known, key)
    return wanted.directory(key)


def _hashed_first(wanted: _Wanted, known: Path | None) -> Array:
    records, skipped = wanted.catalogue.records, wanted.catalogue.skipped
    digests = file_digests(records)
    blank = np.flatnonzero(digests == b"").tolist()
    unreadable = [Skipped(records[row].id, f"{records[row].image.name}: cannot be read") for row in blank]
    stop_if_unusable(wanted.name, wanted.catalogue, unreadable)
    key = images_key(records, digests, wanted.size)
    target = wanted.directory(key)

    def fill(part: Path) -> Path:
        if say_changed(target):
            shutil.rmtree(target, ignore_errors=True)
        _write(wanted, part, digests, [*skipped, *unreadable])
        return target

    build_resumable(target, lambda: target if is_intact(target) else None, fill)
    if known and not unreadable:
        with contextlib.suppress(OSError):  # it only saves time
            _remember(known, key)
    return Array(target, key, unreadable, _undecodable(target))


def _undecodable(images: Path) -> list[Skipped]:
    """Read what could not be decoded when the array in this directory was made."""
    path = images / LEFT_OUT
    try:
        if not (images / ARRAY).is_file():
            raise FileNotFoundError(f"no {ARRAY}")
        return [Skipped(**one) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise UserError(f"{images} is damaged ({error}); delete it and prepare the dataset again") from error
