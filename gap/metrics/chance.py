"""Recall of a random ranking, the chance level of a recall."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from gap.metrics.protocols import KS, first_texts, pools


def chance_recall(
    image_of_text: Int[np.ndarray, " n"],
    caption_ids: Int[np.ndarray, " n"],
    *,
    ks: Sequence[int] = KS,
    pool_size: int = 90,
    seed: int = 0,
) -> dict[str, float]:
    """Return the expected ``recall_at_k`` of a random ranking, in per cent, in the very pools of ``retrieval``.

    A query with r right answers among g has one in the first k with probability 1 − C(g − r, k) / C(g, k), which is 1
    where k > g − r: R@10 is 100 % for anybody in a pool of 10. The mean over queries, pools and both directions; equal
    ``caption_ids`` are right answers of each other. Range [0, 100].

    Raises ``ValueError`` when there is no text, or an image without text.

    >>> index = np.arange(4)
    >>> chance_recall(index, index, ks=(1, 2)), chance_recall(index, index // 2, ks=(1,))
    ({'recall_at_1': 25.0, 'recall_at_2': 50.0}, {'recall_at_1': 50.0})
    """
    if len(image_of_text) == 0:
        raise ValueError("retrieval needs at least 1 query, got 0")
    captions = caption_ids[first_texts(image_of_text, int(image_of_text.max()) + 1)]
    sums, queries = np.zeros(len(ks)), 0
    for rows in pools(len(captions), pool_size=pool_size, seed=seed):
        # One text an image: as many images are right for a text as texts for its image, so both directions are alike.
        _, pool = np.unique(captions[rows], return_inverse=True)
        right = np.bincount(pool)[pool]
        sums += [_share_found(right, len(rows), k).sum() for k in ks]
        queries += len(rows)
    return {f"recall_at_{k}": 100 * float(total) / queries for k, total in zip(ks, sums, strict=True)}


def _share_found(right: Int[np.ndarray, " q"], gallery: int, k: int) -> np.ndarray:
    """Return for each query the probability that one of its right answers is among k drawn without replacement."""
    missed = np.ones(len(right))
    for drawn in range(min(k, gallery)):
        missed *= np.maximum(gallery - right - drawn, 0) / (gallery - drawn)
    return 1 - missed
