"""All images of a dataset as one array on disk, kept by content so that two languages share it."""

import hashlib
import json
import os
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from gap.data.pixels import VERSION, decode
from gap.data.progress import progress_bar
from gap.data.records import Record, Skipped, stop_if_many
from gap.errors import UserError

ARRAY = "images.npy"
LEFT_OUT = "skipped.json"


def file_digests(records: Sequence[Record]) -> dict[str, str]:
    """Hash every image file that can be read; returns sha256 by record id. Nothing is decoded."""
    digests = {}
    for record in records:
        try:
            digests[record.id] = hashlib.sha256(record.image.read_bytes()).hexdigest()
        except OSError:
            continue
    return digests


def images_key(digests: dict[str, str], image_size: int) -> str:
    """Hash all that decides the array: the files in their order, the size, the version of the preprocessing."""
    return hashlib.sha256(json.dumps([VERSION, image_size, list(digests.items())]).encode()).hexdigest()


def _write_row(array: np.memmap, row: int, record: Record, digest: str) -> Skipped | None:
    """Decode one image into its row, or say why it cannot be."""
    try:
        data = record.image.read_bytes()
    except OSError as error:
        raise UserError(f"{record.image} changed while it was being prepared: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != digest:
        raise UserError(f"{record.image} changed while it was being prepared; start again")
    try:
        pixels = decode(data, record.image.suffix.lower(), array.shape[1])
    except MemoryError:  # Says nothing about the file, and the outcome is kept.
        raise
    except Exception as error:  # Decoders raise all kinds; whatever it is, this file is of no use.
        reason = " ".join(str(error).split()) or type(error).__name__
        return Skipped(record.id, f"{record.image.name}: {reason}")
    array[row] = pixels
    return None


def _create(path: Path, rows: int, size: int) -> np.memmap:
    """Reserve the array's file; without the check, a full disk kills the process when a page is written."""
    needed, free = rows * size * size * 3, shutil.disk_usage(path.parent).free
    if needed > free:
        raise UserError(f"{path.parent}: the images need {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free")
    return open_memmap(path, mode="w+", dtype=np.uint8, shape=(rows, size, size, 3))


def write_images(
    directory: Path,
    records: Sequence[Record],
    digests: dict[str, str],
    *,
    name: str,
    image_size: int,
    already_skipped: Sequence[Skipped],
    progress: bool,
) -> None:
    """Write ``images.npy`` [m s s 3] with the images that decode, and ``skipped.json`` with the others.

    Raises UserError as soon as more than 1 % of the records, those skipped before included, are unusable.
    """
    total = len(records) + len(already_skipped)
    skipped: dict[int, Skipped] = {}
    path = directory / ARRAY
    array = _create(path, len(records), image_size)
    pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))
    try:
        jobs = {
            pool.submit(_write_row, array, row, record, digests[record.id]): row for row, record in enumerate(records)
        }
        with progress_bar(f"{name}: preparing images at {image_size} pixels", len(jobs), show=progress) as step:
            for job in as_completed(jobs):
                if failure := job.result():
                    skipped[jobs[job]] = failure
                    stop_if_many(name, [*already_skipped, *skipped.values()], total)
                step()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    array.flush()
    if skipped:
        _drop_rows(path, array, set(skipped))
    failures = [{"id": skipped[row].id, "reason": skipped[row].reason} for row in sorted(skipped)]
    (directory / LEFT_OUT).write_text(json.dumps(failures), encoding="utf-8")


def _drop_rows(path: Path, array: np.memmap, dropped: set[int]) -> None:
    """Copy the other rows to a new file, which takes the old one's place."""
    temporary = path.with_suffix(".kept.npy")
    kept = [row for row in range(len(array)) if row not in dropped]
    smaller = _create(temporary, len(kept), array.shape[1])
    for target, row in enumerate(kept):
        smaller[target] = array[row]
    smaller.flush()
    temporary.replace(path)
