"""Recall at k, in both directions, over disjoint pools and over the full gallery.

An image and a text belong together when some text with the same caption belongs to that image: pictograms share
captions, and every one of them is a right answer. Ties are broken against the model: the best right answer ranks behind
every wrong one with the same score, so that a model which maps everything to one point scores nothing.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor


def recall_at_k(
    query_features: Float[Tensor, "q d"],
    gallery_features: Float[Tensor, "g d"],
    relevant: Sequence[Int[np.ndarray, " _"]],
    *,
    ks: Sequence[int] = (1, 5, 10),
    chunk_size: int = 1024,
) -> dict[int, float]:
    """Give the share of queries with a right answer among the first k, in per cent.

    ``relevant[i]`` holds the gallery rows that are right for query i, at least one. The rank of a query is one plus the
    number of wrong rows that score as high as its best right row or higher. Range [0, 100]; 100 where k
    reaches the gallery's size.

    Raises ``ValueError`` when there is no query, when a query has no right answer, or when a feature is not finite.

    Source: the thesis, chapter 5.2; ties and multiple positives as described above.

    >>> x = torch.eye(3)
    >>> recall_at_k(x, x[[1, 0, 2]], [np.array([0]), np.array([1]), np.array([2])], ks=(1,))
    {1: 33.33333333333333}
    """
    ranks = best_ranks(query_features, gallery_features, relevant, chunk_size=chunk_size)
    return {k: 100 * float((ranks <= k).double().mean()) for k in ks}


def best_ranks(
    query_features: Float[Tensor, "q d"],
    gallery_features: Float[Tensor, "g d"],
    relevant: Sequence[Int[np.ndarray, " _"]],
    *,
    chunk_size: int = 1024,
) -> Int[Tensor, " q"]:
    """Give the rank of every query's best right answer, 1 for the first, ties broken against the model.

    >>> x = torch.ones(2, 1)
    >>> best_ranks(x, x, [np.array([0]), np.array([1])])
    tensor([2, 2])
    """
    if len(query_features) == 0:
        raise ValueError("retrieval needs at least 1 query, got 0")
    for name, features in (("query", query_features), ("gallery", gallery_features)):
        bad = int((~features.isfinite().all(dim=1)).sum())
        if bad:
            raise ValueError(f"{bad} of {len(features)} {name} features are not finite")
    counts = np.array([len(rows) for rows in relevant])
    if len(counts) != len(query_features) or (counts == 0).any():
        raise ValueError(f"expected at least 1 right answer for each of {len(query_features)} queries")
    ranks = []
    for start in range(0, len(query_features), chunk_size):
        rows = relevant[start : start + chunk_size]
        scores = query_features[start : start + chunk_size] @ gallery_features.T
        right = torch.zeros_like(scores, dtype=torch.bool)
        query = np.repeat(np.arange(len(rows)), counts[start : start + chunk_size])
        right[torch.from_numpy(query), torch.from_numpy(np.concatenate(rows))] = True
        best = scores.masked_fill(~right, -torch.inf).amax(dim=1, keepdim=True)
        ranks.append(1 + ((scores >= best) & ~right).sum(dim=1))
    return torch.cat(ranks)
