"""Small copies of data as users bring it: a table with images, tar shards, a dataset of the library ``datasets``."""

import csv
import io
import json
import tarfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from local_copy import picture


def write_pictures(directory: Path, count: int) -> Path:
    """Pictures ``000.png`` and so on, each of a colour of its own."""
    directory.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (directory / f"{number:03d}.png").write_bytes(picture(number))
    return directory


def write_table(directory: Path, rows: Sequence[Mapping[str, Any]], ending: str = ".csv") -> Path:
    """A table ``pairs`` with the columns of the first row."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / f"pairs{ending}"
    if ending in {".csv", ".tsv"}:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), delimiter="," if ending == ".csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    elif ending == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    return directory


def write_folder(directory: Path, count: int = 100, ending: str = ".csv", **columns: Any) -> Path:
    """``count`` pictures, each two of them with one caption; further columns are functions of the number."""
    rows = [
        {"image": f"{number:03d}.png", "caption": f"caption {number // 2}"}
        | {name: value(number) for name, value in columns.items()}
        for number in range(count)
    ]
    return write_table(write_pictures(directory, count), rows, ending)


def write_shard(path: Path, files: Iterable[tuple[str, bytes]]) -> Path:
    """An uncompressed tar of these files, in their order."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w") as archive:
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return path


def samples(start: int, stop: int) -> list[tuple[str, bytes]]:
    """A picture and its caption for every number, as open_clip's users have them."""
    return [
        file
        for number in range(start, stop)
        for file in ((f"{number:06d}.png", picture(number)), (f"{number:06d}.txt", f"caption {number // 2}".encode()))
    ]


def write_shards(directory: Path, count: int = 100) -> Path:
    """Two shards of ``count`` samples in all."""
    for shard, (start, stop) in enumerate(((0, count // 2), (count // 2, count))):
        write_shard(directory / f"{shard:05d}.tar", samples(start, stop))
    return directory
