"""All images of a dataset as one array on disk, written in order, a chunk of images at a time.

Whatever ends the writing, the next call goes on behind the last whole chunk, if the directory is still there.
"""

import errno
import io
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from numpy.lib.format import write_array_header_1_0

from gap.data.digests import in_order, sha256
from gap.data.journal import JOURNAL, Done, add_to_journal, checksum, read_journal, write_journal
from gap.data.pixels import decode
from gap.data.progress import progress_bar, say
from gap.data.records import Record, Skipped, stop_if_many
from gap.errors import UserError

ARRAY = "images.npy"
LEFT_OUT = "skipped.json"
_CHUNK_BYTES, _CHUNK_IMAGES = 4_000_000, 64


class UnreadableError(Exception):
    """An image file cannot be read, and whether it could be before is not known."""


@dataclass(frozen=True)
class Written:
    """The digest of every record's file, and the records whose image cannot be decoded."""

    digests: np.ndarray
    left_out: list[Skipped]


@dataclass(frozen=True)
class _Chunk:
    digests: list[str]
    pixels: UInt8[np.ndarray, "rows s s 3"]
    left_out: list[list[str]]


def _read(record: Record, digest: str | None) -> bytes:
    """Read an image file whose digest is the given one, if any is."""
    try:
        data = record.image.read_bytes()
    except OSError as error:
        if digest is None:
            raise UnreadableError(f"{record.image.name}: {error.strerror or error}") from error
        reason = error.strerror or error
        raise UserError(f"{record.image.name} changed while it was being prepared: {reason}") from error
    if digest is not None and sha256(data) != digest:
        raise UserError(f"{record.image.name} changed while it was being prepared; start again")
    return data


def _decode_chunk(records: Sequence[Record], digests: Sequence[str | None], size: int) -> _Chunk:
    """Decode images, or say why they cannot be; a file with a blank digest is passed over."""
    pixels = np.empty((len(records), size, size, 3), dtype=np.uint8)
    found, left_out, row = list[str](), list[list[str]](), 0
    for record, digest in zip(records, digests, strict=True):
        if digest == "":
            found.append("")
            continue
        data = _read(record, digest)
        found.append(digest or sha256(data))
        try:
            pixels[row] = decode(data, record.image.suffix.lower(), size)
        except MemoryError:  # Says nothing about the file, and the outcome is kept.
            raise
        except Exception as error:  # Decoders raise all kinds; whatever it is, this file is of no use.
            reason = " ".join(str(error).split()) or type(error).__name__
            left_out.append([record.id, f"{record.image.name}: {reason}"])
            continue
        row += 1
    return _Chunk(found, pixels[:row], left_out)


def _header(rows: int, size: int) -> bytes:
    """Make the head of the array's file, whose length is the same for any number of rows."""
    file = io.BytesIO()
    write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (rows, size, size, 3)})
    return file.getvalue()


def _whole_chunks(directory: Path, about: list[int], row_bytes: int) -> tuple[list[Done], int]:
    """Find the chunks that are whole in both files, and where they end in the array's."""
    chunks, path = list[Done](), directory / ARRAY
    end = len(_header(about[0], about[1]))
    if not path.is_file():
        return chunks, end
    with path.open("rb") as file:
        file.seek(end)
        for chunk in read_journal(directory / JOURNAL, about):
            rows = file.read(chunk.rows * row_bytes)
            if len(rows) != chunk.rows * row_bytes or checksum(rows) != chunk.checksum:
                break
            chunks.append(chunk)
            end += len(rows)
    return chunks, end


def _check_space(directory: Path, needed: int) -> None:
    free = shutil.disk_usage(directory).free
    if needed > free:
        needs = f"the images need {needed / 1e6:.0f} MB, but only {free / 1e6:.0f} MB are free"
        raise OSError(errno.ENOSPC, needs, str(directory))


def write_images(
    directory: Path,
    records: Sequence[Record],
    digests: np.ndarray | None,
    *,
    name: str,
    image_size: int,
    already_skipped: Sequence[Skipped],
    progress: bool,
) -> Written:
    """Write ``images.npy`` [m s s 3] with the images that decode, and ``skipped.json`` with the others.

    ``digests`` are those that the files must have, blank for those that could not be read; None if none is known.

    Raises UserError as soon as more than 1 % of the images, those skipped before included, are unusable, and
    UnreadableError where a file cannot be read and no digests were given, OSError where the disk is too small.
    """
    row_bytes = 3 * image_size**2
    step = max(1, min(_CHUNK_IMAGES, _CHUNK_BYTES // row_bytes))
    about = [len(records), image_size, step]
    chunks, end = _whole_chunks(directory, about, row_bytes)
    _check_space(directory, (len(records) - sum(chunk.rows for chunk in chunks)) * row_bytes)
    journal = directory / JOURNAL
    write_journal(journal, about, chunks)

    found = np.zeros(len(records), dtype="S64")
    left_out, done = list[list[str]](), 0

    def take(chunk: Done) -> None:
        nonlocal done
        found[done : done + len(chunk.digests)] = chunk.digests
        done += len(chunk.digests)
        left_out.extend(chunk.left_out)

    def work(start: int) -> _Chunk:
        known = [None] * step if digests is None else [digest.decode() for digest in digests[start : start + step]]
        batch = records[start : start + step]
        return _decode_chunk(batch, known[: len(batch)], image_size)

    for chunk in chunks:
        take(chunk)
    blank = 0 if digests is None else _blank(digests)  # which are among those already skipped
    total = len(records) - blank + sum(one.images for one in already_skipped)
    with (
        (directory / ARRAY).open("r+b" if chunks else "wb") as file,
        progress_bar(f"{name}: preparing images at {image_size} pixels", len(records), show=progress) as advance,
    ):
        file.write(_header(len(records), image_size))
        file.truncate(end)
        file.seek(end)
        advance(done)
        try:
            for decoded in in_order(work, range(done, len(records), step)):
                file.write(decoded.pixels.data)
                file.flush()
                rows = len(decoded.pixels)
                add_to_journal(
                    journal, one := Done(decoded.digests, rows, checksum(decoded.pixels.data), decoded.left_out)
                )
                take(one)
                stop_if_many(name, [*already_skipped, *_skipped(left_out)], total)
                advance(len(one.digests))
        except KeyboardInterrupt:
            if progress:
                say(f"{name}: interrupted; {done} of {len(records)} images are kept, and the same command goes on")
            raise
        file.seek(0)
        file.write(_header(len(records) - len(left_out) - _blank(found), image_size))
    failures = [{"id": identifier, "reason": reason} for identifier, reason in left_out]
    (directory / LEFT_OUT).write_text(json.dumps(failures), encoding="utf-8")
    journal.unlink()
    return Written(found, _skipped(left_out))


def _skipped(left_out: list[list[str]]) -> list[Skipped]:
    return [Skipped(identifier, reason) for identifier, reason in left_out]


def _blank(digests: np.ndarray) -> int:
    return int((digests == b"").sum())
