"""A prepared dataset: a directory with three files, and what the rest of the project sees of it.

``images.npy``
    uint8 [m s s 3], RGB, row i is image i. A hard link where the file system allows it: the languages of one source
    share the file.
``captions.json``
    ``format`` (1), ``name``, ``language``, ``image_size``, ``licence``, ``data_hash``; ``ids``: m strings;
    ``captions``: m lists of one or more strings; ``groups``: m strings, the units of the split; ``skipped``: a list of
    ``{"id", "reason"}``, the records that could not be used.
``splits.json``
    ``format`` (1), ``method``, ``seed``, ``test_fraction``, ``split_hash``; ``caption_rule``, the number of the rule by
    which captions were equal; ``remarks``: what is to be said of the split; ``train`` and ``test``: ascending rows.

Splits of earlier versions have neither ``caption_rule``, which is 0 then, nor ``remarks``.

``data_hash`` is a sha256 over the image files, the size, the version of the preprocessing and every id, caption and
group; ``split_hash`` one over the ids of both parts.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8

from gap.data.json_stream import digest
from gap.errors import UnavailableError

FORMAT = 1
IMAGES, CAPTIONS, SPLITS = "images.npy", "captions.json", "splits.json"


@dataclass(frozen=True)
class PairDataset:
    """Images with their captions, split into training and test images.

    ``images`` is memory-mapped and read-only: a batch is ``images[rows]``. ``train`` and ``test`` hold ascending rows.
    ``published`` says that the source gave the split; ``remarks`` say what should be known of it.
    """

    name: str
    language: str
    images: UInt8[np.ndarray, "m s s 3"]
    ids: list[str]
    captions: list[list[str]]
    train: Int64[np.ndarray, " train"]
    test: Int64[np.ndarray, " test"]
    data_hash: str
    split_hash: str
    licence: str
    skipped: list[dict[str, str]]
    published: bool = False
    remarks: tuple[str, ...] = ()


def hash_split(ids: Sequence[str], train: Sequence[int], test: Sequence[int]) -> str:
    """Hash the ids of both parts."""
    return digest(([ids[row] for row in train], [ids[row] for row in test]))


def _json(path: Path) -> dict[str, Any]:
    """Read one of the two JSON files, or say in one line why it is not a prepared dataset."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise UnavailableError(f"{path.parent} is not a prepared dataset: cannot read {path.name}: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UnavailableError(f"{path} is not of format {FORMAT}; delete {path.parent} and prepare the dataset again")
    return content


def _check(images: np.ndarray, described: dict[str, Any], split: dict[str, Any]) -> None:
    """Raise ValueError unless the three files fit together."""
    ids, train, test = described["ids"], split["train"], split["test"]
    if images.dtype != np.uint8 or images.shape != (len(ids), *images.shape[1:2] * 2, 3):
        raise ValueError(f"expected {len(ids)} square uint8 images, got {images.dtype} of shape {images.shape}")
    if len(described["captions"]) != len(ids) or not all(described["captions"]):
        raise ValueError("not every image has its captions")
    if sorted([*train, *test]) != list(range(len(ids))) or hash_split(ids, train, test) != split["split_hash"]:
        raise ValueError("the split is not the one that was written")


def open_dataset(path: Path) -> PairDataset:
    """Open a directory that :func:`gap.data.prepare` made; the images stay on disk.

    Raises UnavailableError when the directory is missing or its files are damaged or do not fit together.
    """
    described, split = _json(path / CAPTIONS), _json(path / SPLITS)
    try:
        images = np.load(path / IMAGES, mmap_mode="r")
        _check(images, described, split)
    except (OSError, ValueError, EOFError, TypeError, LookupError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else error
        raise UnavailableError(f"{path} is damaged ({reason}); delete it and prepare the dataset again") from error
    return PairDataset(
        name=described["name"],
        language=described["language"],
        images=images,
        ids=described["ids"],
        captions=described["captions"],
        train=np.asarray(split["train"], dtype=np.int64),
        test=np.asarray(split["test"], dtype=np.int64),
        data_hash=described["data_hash"],
        split_hash=split["split_hash"],
        licence=described["licence"],
        skipped=described["skipped"],
        published=split.get("seed", 0) is None,
        remarks=tuple(split.get("remarks", ())),
    )
