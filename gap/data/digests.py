"""The content of all image files by their sha256: one fixed-width column, 64 bytes an image."""

import hashlib
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from gap.data.json_stream import pairs_digest
from gap.data.pixels import VERSION
from gap.data.records import ImageFile, Record

T = TypeVar("T")
_CHUNK = 256


def sha256(data: bytes) -> str:
    """Hash bytes; hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def in_order(work: Callable[[int], T], starts: Sequence[int]) -> Iterator[T]:
    """Run ``work`` on all cores, and give what it gives in order; a few pieces ahead, never more.

    Threads do: Pillow, zlib and sha256 release the interpreter while they work.
    """
    workers = os.cpu_count() or 1
    pool, waiting = ThreadPoolExecutor(workers), deque[Future[T]]()
    try:
        for start in starts:
            waiting.append(pool.submit(work, start))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _digest(image: ImageFile) -> str:
    try:
        return sha256(image.read_bytes())
    except OSError:
        return ""


def file_digests(records: Sequence[Record]) -> np.ndarray:
    """Hash every image file: a column of 64 digits, blank where a file cannot be read. Nothing is decoded."""

    def work(start: int) -> list[str]:
        return [_digest(record.image) for record in records[start : start + _CHUNK]]

    found = np.zeros(len(records), dtype="S64")
    starts = range(0, len(records), _CHUNK)
    for start, digests in zip(starts, in_order(work, starts), strict=True):
        found[start : start + _CHUNK] = digests
    return found


def images_key(records: Sequence[Record], digests: np.ndarray, image_size: int) -> str:
    """Hash all that decides the array: the files in their order, the size, the version of the preprocessing."""
    pairs = ((record.id, digest.decode()) for record, digest in zip(records, digests, strict=True) if digest)
    return pairs_digest([VERSION, image_size], pairs)
