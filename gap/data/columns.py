"""Records as columns: a million of them in some 200 MB, where as many Python objects would take a gigabyte."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, overload

import pyarrow as pa
import pyarrow.compute as pc

from gap.data.records import ImageFile, Record

CHUNK = 8_192  # rows that are Python objects at a time


@dataclass(frozen=True)
class Texts:
    """All of the records but their images: string columns of one length, ``captions`` of one or more strings a row."""

    ids: pa.Array
    captions: pa.Array
    groups: pa.Array
    splits: pa.Array

    def without(self, left_out: set[str]) -> "Texts":
        """Leave out the rows with these ids."""
        if not left_out:
            return self
        kept = pc.invert(pc.is_in(self.ids, pa.array(sorted(left_out), self.ids.type)))
        return Texts(*(column.filter(kept) for column in (self.ids, self.captions, self.groups, self.splits)))


@dataclass(frozen=True)
class Columns(Sequence[Record]):
    """A sequence of records, made as they are asked for; ``image(row)`` finds the image of a row.

    >>> from pathlib import Path
    >>> texts = texts_of([Record("7", ("a bee",), "7", Path("7.png"))])
    >>> Columns(texts, lambda row: Path("other.png"))[0]
    Record(id='7', captions=('a bee',), group='7', image=PosixPath('other.png'), split=None)
    """

    texts: Texts
    image: Callable[[int], ImageFile]

    def __len__(self) -> int:
        return len(self.texts.ids)

    @property
    def caption_count(self) -> int:
        """The captions of all records."""
        return int(pc.sum(pc.list_value_length(self.texts.captions)).as_py() or 0)

    @overload
    def __getitem__(self, row: int) -> Record: ...
    @overload
    def __getitem__(self, row: slice) -> "list[Record]": ...
    def __getitem__(self, row: int | slice) -> "Record | list[Record]":
        if isinstance(row, slice):
            start, stop, step = row.indices(len(self))
            return [self[at] for at in range(start, stop, step)] if step != 1 else list(self._between(start, stop))
        at = row + len(self) if row < 0 else row
        if not 0 <= at < len(self):
            raise IndexError(f"row {row} of {len(self)}")
        return next(self._between(at, at + 1))

    def __iter__(self) -> Iterator[Record]:
        for start in range(0, len(self), CHUNK):
            yield from self._between(start, min(start + CHUNK, len(self)))

    def _between(self, start: int, stop: int) -> Iterator[Record]:
        texts, count = self.texts, max(stop - start, 0)
        columns = (texts.ids, texts.captions, texts.groups, texts.splits)
        rows = zip(*(column.slice(start, count).to_pylist() for column in columns), strict=True)
        for row, (identifier, captions, group, split) in enumerate(rows, start):
            yield Record(identifier, tuple(captions), group, self.image(row), split)


def texts_of(records: Iterable[Record]) -> Texts:
    """Take the texts of any records, a chunk of them at a time."""
    if isinstance(records, Columns):
        return records.texts
    ids, captions, groups, splits = ([] for _ in range(4))
    remaining = iter(records)
    while chunk := list(islice(remaining, CHUNK)):
        ids.append(pa.array([record.id for record in chunk], pa.large_string()))
        captions.append(pa.array([record.captions for record in chunk], pa.large_list(pa.large_string())))
        groups.append(pa.array([record.group for record in chunk], pa.large_string()))
        splits.append(pa.array([record.split for record in chunk], pa.string()))
    kinds = (pa.large_string(), pa.large_list(pa.large_string()), pa.large_string(), pa.string())
    return Texts(*(joined(*pair) for pair in zip((ids, captions, groups, splits), kinds, strict=True)))


def joined(chunks: Sequence[Any], kind: Any) -> Any:
    """Make one array of several."""
    return pa.concat_arrays(chunks) if chunks else pa.array([], kind)
