"""From rows of image, caption, split and group, as users' own data come, to one record an image.

Rows of one image are its captions. A row that contradicts an earlier one of its image, or repeats it, is skipped.
Each is counted as a caption; an image that no row is left of, or whose file cannot be used, is counted as an image,
once for all its rows. Rows of a part that is left out are named, and not counted.

Without a split and without groups, images that share a caption (``caption_key``), directly or through others, are one
group. Whoever has a split or groups is taken at their word; ``python -m gap.data check`` tells what they leak. A split
into training and validation has no test part: the validation part is it. One with a training part alone is no split.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Int64
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from gap.data.captions import caption_ids
from gap.data.columns import CHUNK, Columns, Texts, joined
from gap.data.prompts import BARE
from gap.data.records import Catalogue, ImageFile, Skipped
from gap.errors import UserError

Part = Literal["train", "test", "val"]
# from the ids of the records and their places to what gives the image of a record
Finder = Callable[[Any, Any], Callable[[int], ImageFile]]


@dataclass(frozen=True)
class Row:
    """One image with one caption. ``place`` is where it stands, for messages; ``at`` is where its bytes are."""

    place: str
    image: str
    caption: str
    split: Part | None = None
    group: str | None = None
    at: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True)
class Fault:
    """A row that cannot be used, at ``place``.

    ``lost`` is the image itself, ``captions`` of it, or nothing that counts (a document in a shard). ``image`` is the
    image's name, where it is known, and ``split`` the part that the row would be in.
    """

    place: str
    reason: str
    lost: Literal["image", "captions", "nothing"] = "captions"
    image: str | None = None
    captions: int = 1
    split: Part | None = None


@dataclass(frozen=True)
class Table:
    """Rows as columns: strings as they came, the number of each row's image and of its caption by first appearance.

    Equal captions have one number.
    """

    places: Any
    images: Any
    captions: Any
    splits: Any
    groups: Any
    at: Int64[np.ndarray, "rows 3"]
    image: Int64[np.ndarray, " rows"]
    caption: Int64[np.ndarray, " rows"]


def pair(
    name: str,
    rows: Iterable[Row | Fault],
    image: Finder,
    prompt: str | None,
) -> Catalogue:
    """Make the catalogue, ascending by the images' names, which are their ids.

    ``image(ids, at)`` makes what finds the image of a record. Raises UserError when nothing is left, or when there is
    a split without images to train on.
    """
    faults: list[Fault] = []
    table = _table(_good(rows, faults))
    pa.default_memory_pool().release_unused()  # Arrow keeps what it has freed, which is several times what it holds
    kept = np.ones(len(table.image), dtype=bool)
    for fault, of_rows in _faults(table):
        faults += _named(table, fault, of_rows & kept)
        kept &= ~of_rows
    skipped = _counted(faults, table, kept)
    splits, remarks = _two_parts(name, table.splits, kept, {fault.split for fault in faults})
    table = replace(table, splits=splits)
    kept &= np.asarray(pc.not_equal(splits.fill_null("none"), "val"))
    if not kept.any():
        why = f": {skipped[0].id}: {skipped[0].reason}" if skipped else ""
        raise UserError(f"{name}: no pair of image and caption is left{why}")
    texts, first = _texts(table, kept, prompt or BARE)
    pa.default_memory_pool().release_unused()
    return Catalogue(Columns(texts, image(texts.ids, table.at[first])), skipped, remarks)


def _two_parts(
    name: str, splits: Any, kept: Bool[np.ndarray, " rows"], of_faults: set[Part | None]
) -> tuple[Any, list[str]]:
    """Make training and test parts of what the data call theirs; returns also what is to be said of it, if anything.

    ``of_faults`` are the parts of rows that cannot be used: a part is there also if nothing in it can be used.
    """
    parts = {*splits.unique().to_pylist(), *of_faults} - {None}
    usable = set(splits.filter(pa.array(kept)).unique().to_pylist()) - {None}
    if not usable:
        return splits, []
    if parts == {"train"}:
        return pa.nulls(len(splits), splits.type), [
            "the data have a training part only: a fifth of it is kept for testing, as of data without a split"
        ]
    if parts == {"train", "val"} == usable:
        return pc.if_else(pc.equal(splits, "val"), "test", splits), [
            "the data have a training and a validation part only: the validation part is the test part"
        ]
    if not {"train", "test"} <= usable:
        missing = "to train on" if "train" not in usable else "to test on"
        raise UserError(
            f"{name}: the split leaves no images {missing}, only {' and '.join(sorted(usable))}: expected train and "
            "test, train and val, or train alone; without a split the data are split here"
        )
    return splits, []


def _good(rows: Iterable[Row | Fault], faults: list[Fault]) -> Iterator[Row]:
    for row in rows:
        if isinstance(row, Fault):
            faults.append(row)
        else:
            yield row


def _named(table: Table, fault: str, of_rows: Bool[np.ndarray, " rows"]) -> Iterator[Fault]:
    """Name the rows that have a fault beside the others."""
    rows = pa.array(of_rows)
    columns = (column.filter(rows).to_pylist() for column in (table.places, table.images, table.splits))
    for place, image, split in zip(*columns, strict=True):
        yield Fault(place, fault, image=image, split=split)


def _counted(faults: list[Fault], table: Table, kept: Bool[np.ndarray, " rows"]) -> list[Skipped]:
    """Count what the faults cost: every image once, and captions where their image is not lost itself."""
    names = {fault.image for fault in faults if fault.image is not None}
    named = pa.array(sorted(name for name in names if _is_text(name)), pa.large_string())
    usable = table.images.filter(pa.array(kept))
    alive = set(usable.filter(pc.is_in(usable, named)).unique().to_pylist())
    is_tested = pc.any(pc.equal(table.splits, "test")).as_py()  # or else val may have to stand for it
    lost: set[str] = set()
    skipped = []
    for fault in faults:
        images = captions = 0
        if fault.lost != "nothing" and not (is_tested and fault.split == "val"):
            captions = fault.captions if fault.lost == "captions" else 0
            name = fault.place if fault.image is None and fault.lost == "image" else fault.image
            if name is not None and name not in alive and name not in lost:
                lost.add(name)
                images = 1
        skipped.append(Skipped(fault.place, fault.reason, images, captions))
    return skipped


def _is_text(name: str) -> bool:
    """Tell whether a name has a UTF-8 form; half a surrogate pair has none, and no column holds it."""
    return name == name.encode("utf-8", "ignore").decode("utf-8")


def _table(rows: Iterator[Row]) -> Table:
    texts: dict[str, list[Any]] = {name: [] for name in ("place", "image", "caption", "split", "group")}
    at = [np.zeros((0, 3), dtype=np.int64)]
    while chunk := list(islice(rows, CHUNK)):
        for name, column in texts.items():
            column.append(pa.array([getattr(row, name) for row in chunk], pa.large_string()))
        at.append(np.array([row.at for row in chunk], dtype=np.int64))
    places, images, captions, splits, groups = (joined(column, pa.large_string()) for column in texts.values())
    return Table(places, images, captions, splits, groups, np.concatenate(at), _codes(images)[0], _equal(captions))


def _equal(captions: Any) -> Int64[np.ndarray, " rows"]:
    """Number captions by first appearance, equal ones alike; each distinct text is looked at once."""
    number, texts = _codes(captions)
    chunks = (texts.slice(start, CHUNK).to_pylist() for start in range(0, len(texts), CHUNK))
    of_row: Int64[np.ndarray, " rows"] = caption_ids(text for chunk in chunks for text in chunk)[number]
    return of_row


def _codes(column: Any) -> tuple[Int64[np.ndarray, " rows"], Any]:
    """Number a column's values by first appearance; gives each row's number, and the values."""
    encoded = column.dictionary_encode(null_encoding="encode")
    return np.asarray(encoded.indices).astype(np.int64), encoded.dictionary


def _faults(table: Table) -> Iterator[tuple[str, Bool[np.ndarray, " rows"]]]:
    """Tell which rows cannot be used beside the others."""
    _, first = np.unique(table.image, return_index=True)
    for name, column in (("split", table.splits), ("group", table.groups)):
        value = _codes(column)[0]
        if 0 < column.null_count < len(column):
            yield f"no {name}, which other rows have", np.asarray(column.is_null())
        yield f"another {name} than an earlier row of the image", value != value[first[table.image]]
    pairs = table.image * (table.caption.max(initial=0) + 1) + table.caption
    repeated = np.ones(len(pairs), dtype=bool)
    repeated[np.unique(pairs, return_index=True)[1]] = False
    yield "the same image and caption as an earlier row", repeated


def _texts(table: Table, kept: Bool[np.ndarray, " rows"], prompt: str) -> tuple[Texts, Int64[np.ndarray, " m"]]:
    """Bring the rows of an image together; gives also the first row of each image."""
    rows = np.flatnonzero(kept)
    names = _codes(table.images.take(pa.array(rows)))[1]
    ascending = np.asarray(pc.sort_indices(names)).astype(np.int64)
    position = np.empty(len(names), dtype=np.int64)
    position[ascending] = np.arange(len(names))
    image = position[_codes(table.images.take(pa.array(rows)))[0]]
    order = np.argsort(image, kind="stable")
    rows, image = rows[order], image[order]
    starts = np.searchsorted(image, np.arange(len(names) + 1))
    first = rows[starts[:-1]]
    ids = names.take(pa.array(ascending))
    taken = table.captions.take(pa.array(rows))
    splits, groups = (column.take(pa.array(first)) for column in (table.splits, table.groups))
    if groups.null_count:
        groups = ids if splits.null_count == 0 else ids.take(pa.array(_sharing(image, table.caption[rows])))
    before, after, between = (pa.scalar(text, pa.large_string()) for text in (*prompt.split(BARE), ""))
    prompted = pc.binary_join_element_wise(before, taken, after, between)
    captions = pa.LargeListArray.from_arrays(pa.array(starts), prompted)
    return Texts(ids, captions, groups, splits.cast(pa.string())), first


def _sharing(image: Int64[np.ndarray, " rows"], caption: Int64[np.ndarray, " rows"]) -> Int64[np.ndarray, " m"]:
    """Give every image the first image of its connected component; rows tie an image to a caption."""
    images = int(image.max()) + 1
    size = images + int(caption.max()) + 1
    ties = csr_array((np.ones(len(image), dtype=np.int8), (image, images + caption)), shape=(size, size))
    component = connected_components(ties, directed=False)[1][:images]
    _, first, member = np.unique(component, return_index=True, return_inverse=True)
    return first[member].astype(np.int64)
