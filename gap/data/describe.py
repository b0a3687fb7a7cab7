"""The content of ``captions.json`` and ``splits.json``, its long parts as columns."""

from typing import Any

import numpy as np
from jaxtyping import Int64

from gap.data.captions import CAPTION_RULE
from gap.data.columns import Texts
from gap.data.dataset import FORMAT
from gap.data.json_stream import digest
from gap.data.records import Skipped
from gap.data.splits import SEED, TEST_FRACTION, split_groups
from gap.errors import UserError


def describe_captions(
    dataset: str, language: str, image_size: int, *, licence: str, key: str, texts: Texts, skipped: list[Skipped]
) -> dict[str, Any]:
    """Make the content of ``captions.json``; ``key`` is the hash of the images."""
    return {
        "format": FORMAT,
        "name": dataset,
        "language": language,
        "image_size": image_size,
        "licence": licence,
        "data_hash": digest((key, dataset, language, texts.ids, texts.captions, texts.groups)),
        "ids": texts.ids,
        "captions": texts.captions,
        "groups": texts.groups,
        "skipped": [{"id": one.id, "reason": one.reason} for one in skipped],
    }


def describe_split(dataset: str, texts: Texts, remarks: list[str]) -> dict[str, Any]:
    """Make the content of ``splits.json``. Raises UserError when there is nothing to split by."""
    published = len(texts.ids) > 0 and texts.splits.null_count == 0
    try:
        train, test = _published(texts) if published else split_groups(texts.groups)
    except ValueError as error:
        raise UserError(f"{dataset}: too few pictures with captions of their own: {error}") from error
    return {
        "format": FORMAT,
        "method": "as the source publishes it" if published else "whole groups by ascending sha256('seed/group')",
        "seed": None if published else SEED,
        "test_fraction": len(test) / len(texts.ids) if published else TEST_FRACTION,
        "caption_rule": CAPTION_RULE,
        "remarks": remarks,
        "split_hash": digest((texts.ids.take(train), texts.ids.take(test))),
        "train": train,
        "test": test,
    }


def _published(texts: Texts) -> tuple[Int64[np.ndarray, " train"], Int64[np.ndarray, " test"]]:
    parts = np.asarray(texts.splits.to_numpy(zero_copy_only=False))
    return np.flatnonzero(parts == "train"), np.flatnonzero(parts == "test")
