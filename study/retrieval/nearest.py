"""The nearest of many unit vectors, exactly."""

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

ROUNDING = 1e-5  # more than a cosine in fp32 can be off
BLOCK = 65_536  # rows in fp64 at once


def nearest(
    query: Float[Tensor, " d"],
    gallery: Float[Tensor, "n d"],
    k: int,
    *,
    allowed: Bool[Tensor, " n"] | None = None,
) -> tuple[Float[Tensor, " found"], Int[Tensor, " found"]]:
    """Find the k rows of ``gallery`` with the largest inner product with ``query``, the largest first.

    Returns the products in fp64 and the rows; fewer where fewer are ``allowed``. One matrix product of n numbers finds
    all that may be among the first; these are taken again row by row, since a matrix product gives equal rows products
    that differ in the last digit. So equals are equal, and come in the order of the gallery.

    >>> gallery = torch.tensor([[0.6, 0.8], [1.0, 0.0], [-1.0, 0.0], [0.6, 0.8]])
    >>> scores, rows = nearest(torch.tensor([0.6, 0.8]), gallery, 3)
    >>> rows.tolist(), [round(score, 6) for score in scores.tolist()]
    ([0, 3, 1], [1.0, 1.0, 0.6])
    """
    if k < 1:
        raise ValueError(f"expected k of at least 1, got {k}")
    products = gallery @ query
    if allowed is not None:
        products = products.masked_fill(~allowed, -torch.inf)
    found = min(k, len(gallery) if allowed is None else int(allowed.sum()))
    if not found:
        return query.new_empty(0, dtype=torch.float64), torch.empty(0, dtype=torch.int64)
    last = products.topk(found, sorted=False).values.min()
    return best_of(query, gallery, (products >= last - ROUNDING).nonzero()[:, 0], found)


def best_of(
    query: Float[Tensor, " d"], gallery: Float[Tensor, "n d"], rows: Int[Tensor, " m"], k: int
) -> tuple[Float[Tensor, " found"], Int[Tensor, " found"]]:
    """Find the k nearest among some ``rows`` of the gallery, which ascend; a product is taken alike for every row."""
    exact, double = [], query.double()
    for block in rows.split(BLOCK):
        exact.append((gallery[block].double() * double).sum(dim=1))
    scores = torch.cat(exact) if exact else query.new_empty(0, dtype=torch.float64)
    order = scores.argsort(descending=True, stable=True)[:k]
    return scores[order], rows[order]
