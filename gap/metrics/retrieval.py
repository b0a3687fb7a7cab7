"""Recall at k, in both directions, over disjoint pools and over the full gallery.

An image and a text belong together when some text with the same caption belongs to that image: pictograms share
captions, and every one of them is a right answer. Ties are broken against the model: the best right answer ranks behind
every wrong one with the same score, so that a model which maps everything to one point scores nothing.

A matrix product gives equal rows products that differ in their last digits, by where in it they stand. Cells whose
order float32 does not settle are therefore taken again in float64; those that float64 does not tell apart are ties.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.products import exact_products, product_error

DENSE = 32  # one cell in so many left open: a whole matrix product in float64 is faster than to pick them


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

    Scores tie that differ by at most twice the rounding error of an inner product in float64 (2e-13 for unit vectors of
    768 numbers). ``chunk_size`` queries are compared with the gallery at a time; ranks do not depend on it.

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
    longest = torch.linalg.vector_norm(gallery_features, dim=1, dtype=torch.float64).max()
    ranks = []
    for start in range(0, len(query_features), chunk_size):
        rows = relevant[start : start + chunk_size]
        queries = query_features[start : start + chunk_size]
        query = np.repeat(np.arange(len(rows)), counts[start : start + chunk_size])
        right = torch.from_numpy(np.stack([query, np.concatenate(rows)])).to(queries.device)
        reach = torch.linalg.vector_norm(queries, dim=1, dtype=torch.float64) * longest
        ranks.append(_ranks(queries, gallery_features, right, reach))
    return torch.cat(ranks)


def _ranks(
    queries: Float[Tensor, "q d"], gallery: Float[Tensor, "g d"], right: Int[Tensor, "2 r"], reach: Float[Tensor, " q"]
) -> Int[Tensor, " q"]:
    """Rank by products in the features' own type, and in float64 where these leave the order open.

    ``right`` holds queries and their right rows; ``reach`` is the largest size that a product of each query can have.
    """
    n, cells = len(queries), len(queries) * len(gallery)
    # Two products, each off by the error, and what comparing them rounds.
    margin = 2.5 * product_error(queries.dtype, queries.shape[1]) * reach
    few = DENSE * right.shape[1] <= cells and bool((margin + reach <= torch.finfo(queries.dtype).max).all())
    if queries.dtype == torch.float64 or not few:
        return _ranks_in_double(queries, gallery, right, reach)
    scores = queries @ gallery.T
    best = _best(n, right[0], scores[right[0], right[1]].double())
    scores[right[0], right[1]] = -torch.inf
    low, high = ((best + side * margin)[:, None].to(scores.dtype) for side in (-1, 1))
    ahead = (scores > high).sum(dim=1)
    close = (scores >= low).logical_and_(scores <= high).nonzero().T
    if DENSE * close.shape[1] > cells:
        return _ranks_in_double(queries, gallery, right, reach)
    first = _best(n, right[0], exact_products(queries, gallery, *right)) - _tied(queries, reach)
    level = exact_products(queries, gallery, *close) >= first[close[0]]
    return 1 + ahead + torch.bincount(close[0, level], minlength=n)


def _ranks_in_double(
    queries: Float[Tensor, "q d"], gallery: Float[Tensor, "g d"], right: Int[Tensor, "2 r"], reach: Float[Tensor, " q"]
) -> Int[Tensor, " q"]:
    scores = queries.double() @ gallery.double().T
    first = _best(len(queries), right[0], scores[right[0], right[1]]) - _tied(queries, reach)
    scores[right[0], right[1]] = -torch.inf
    return 1 + (scores >= first[:, None]).sum(dim=1)


def _best(n: int, query: Int[Tensor, " r"], scores: Float[Tensor, " r"]) -> Float[Tensor, " n"]:
    """Return the largest score of each of n queries."""
    return scores.new_full((n,), -torch.inf).scatter_reduce(0, query, scores, "amax")


def _tied(queries: Float[Tensor, "q d"], reach: Float[Tensor, " q"]) -> Float[Tensor, " q"]:
    """Return how far apart two products in float64 may be that are equal."""
    return 2 * product_error(torch.float64, queries.shape[1]) * reach
