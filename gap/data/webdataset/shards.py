"""Which tar files there are, and the files in them by place; nothing is unpacked.

Names of members are labels, never paths. A member's bytes are found by offset and size in its shard.
"""

import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gap.data.pairing import Part
from gap.data.stamps import Stamp, file_stamp
from gap.errors import UserError

LAYOUT = "uncompressed .tar shards of NAME.jpg (.png, .webp) and NAME.txt or NAME.json, or train/ and test/ with such"
FOLDERS: dict[str, Part] = {"train": "train", "test": "test", "val": "val"}
_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
_MAGIC = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}
_BLOCK, _READ = 512, 1 << 20  # bytes: of tar's unit, and read at a time


@dataclass(frozen=True)
class Piece:
    """A part of a file: ``size`` bytes from ``offset``; an image file by its ``name``."""

    path: Path
    offset: int
    size: int
    name: str

    @property
    def suffix(self) -> str:
        """The ending of the name, with its dot."""
        return os.path.splitext(self.name)[1]  # noqa: PTH122  # the name is no path

    def stamp(self) -> Stamp:
        """Give the stamp of the whole file, and where in it this part is. Raises OSError."""
        return *file_stamp(self.path), self.offset, self.size

    def read_bytes(self) -> bytes:
        """Read the part. Raises OSError, also where the file has become shorter."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            data = file.read(self.size)
        if len(data) != self.size:
            raise OSError(f"{self.path} has become shorter")
        return data


def find_shards(given: Path | None) -> list[tuple[Path, Part | None]]:
    """List the shards by name, each with its part of the split where folders say it. Raises UserError."""
    if given is None:
        raise UserError(f"webdataset: no data; give --data-dir DIR, where DIR holds {LAYOUT}")
    if given.is_file():
        return [(_checked(given), None)]
    if not given.is_dir():
        raise UserError(f"webdataset: expected a directory with {LAYOUT}, got {given}")
    own: list[tuple[Path, Part | None]] = [(shard, None) for shard in _in(given)]
    folders = [(given / name, part) for name, part in FOLDERS.items() if (given / name).is_dir()]
    split: list[tuple[Path, Part | None]] = [(shard, part) for folder, part in folders for shard in _in(folder)]
    if own and split:
        folder = split[0][0].parent.name
        raise UserError(f"webdataset: {given} holds shards beside {folder}/; expected one or the other")
    if not own and not split:
        raise UserError(f"webdataset: no .tar file in {given}; expected {LAYOUT}")
    return split or own


def _in(folder: Path) -> list[Path]:
    found = [
        _checked(path)
        for path in sorted(folder.iterdir())
        if path.name[0] != "." and path.name.lower().endswith((".tar", *_COMPRESSED))
    ]
    labels: dict[str, Path] = {}
    for path in found:
        if (other := labels.setdefault(path.stem, path)) != path:
            raise UserError(f"webdataset: {other} and {path.name} give their samples the same names; rename one")
    return found


def _checked(path: Path) -> Path:
    if not path.is_file():
        raise UserError(f"webdataset: {path} is not a file")
    with path.open("rb") as file:
        start = file.read(8)
    kind = next((kind for magic, kind in _MAGIC.items() if start.startswith(magic)), None)
    if kind or path.name.lower().endswith(_COMPRESSED):
        by = f" ({kind})" if kind else ""
        raise UserError(
            f"webdataset: {path} is compressed{by}, and images are read from their place; unpack it to a .tar"
        )
    return path


def pieces(shard: Path) -> Iterator[Piece]:
    """List the regular files of a shard in their order.

    Raises UserError when it is no tar file, damaged or cut short: what comes after cannot be known.
    """
    whole = shard.stat().st_size
    try:
        with tarfile.open(shard, "r:") as archive:
            while (member := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # or it keeps every header
                if member.issparse():
                    raise UserError(f"webdataset: {shard} is packed with holes left out; pack it without --sparse")
                if not 0 <= member.offset_data <= member.offset_data + member.size <= whole:
                    raise UserError(f"webdataset: {shard} is cut short in {member.name[:100]!r}")
                if member.isreg():
                    yield Piece(shard, member.offset_data, member.size, member.name)
            ends = archive.offset
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"webdataset: {shard} is no tar file, or damaged: {error}") from error
    _check_end(shard, ends, whole)


def _check_end(shard: Path, ends: int, whole: int) -> None:
    """Check that zeros follow: tarfile takes a header that it cannot read, or another archive's start, for the end."""
    with shard.open("rb") as file:
        file.seek(ends)
        rest = file.read(_BLOCK)
        if rest != bytes(_BLOCK):
            raise UserError(f"webdataset: {shard} is damaged, or cut short, at byte {ends} of {whole}")
        while rest:
            if rest.strip(b"\0"):
                raise UserError(f"webdataset: {shard} holds more than one archive; make one of them")
            rest = file.read(_READ)
