"""Files of a shard as samples, as open_clip_train's reader groups them.

Neighbours that share a key, their path up to the first dot of the last name, are one sample, until an ending comes
again that the sample has: then the next one begins. Endings have no case. What has no key is passed over: names that
begin with a dot (``._0.jpg``, which a Mac packs beside ``0.jpg``), names without one, ``__meta__`` and all below it.

In two things open_clip_train (3.3) loses samples that are read here: a hidden file in a folder parts the files of the
sample that it stands between, and the first sample of a shard may be taken for more of the last one of the shard
before.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from gap.data.webdataset.shards import Piece


@dataclass(frozen=True)
class Sample:
    """Files of one key by their endings in lower case, without the first dot."""

    key: str
    files: dict[str, Piece]


def key_of(name: str) -> tuple[str, str] | None:
    """Part the name of a member into its key and its ending; None for a member of no sample.

    >>> key_of("./birds/a1.seg.PNG"), key_of("._a1.png"), key_of("__meta__/a1.png"), key_of("README")
    (('./birds/a1', 'seg.png'), None, None, None)
    """
    folder, slash, last = name.rpartition("/")
    stem, dot, ending = last.partition(".")
    first = name.partition("/")[0]
    if not stem or not dot or (len(first) >= 4 and first.startswith("__") and first.endswith("__")):
        return None
    return folder + slash + stem, ending.lower()


def samples_of(pieces: Iterator[Piece]) -> Iterator[Sample]:
    """Group the files of one shard, in their order.

    >>> from pathlib import Path
    >>> names = ("a.jpg", "a.txt", "._b.jpg", "b.jpg", "b.txt", "b.jpg", "b.txt")
    >>> [(sample.key, *sample.files) for sample in samples_of(Piece(Path("0.tar"), 0, 0, name) for name in names)]
    [('a', 'jpg', 'txt'), ('b', 'jpg', 'txt'), ('b', 'jpg', 'txt')]
    """
    key, files = "", dict[str, Piece]()
    for piece in pieces:
        if (parted := key_of(piece.name)) is None:
            continue
        if parted[0] != key or parted[1] in files:
            if files:
                yield Sample(key, files)
            key, files = parted[0], {}
        files[parted[1]] = piece
    if files:
        yield Sample(key, files)
