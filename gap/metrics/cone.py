"""The cone that each modality lies in: how close its vectors are to one another, and to their mean."""

import torch
from jaxtyping import Float
from torch import Tensor


def mean_cosine(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure how narrow the cone is: the mean cosine between different rows.

    (‖Σ_i x_i‖² − Σ_i ‖x_i‖²) / (n(n−1)), which is mean_{i≠j} <x_i, x_j>, in O(n·d). Range [−1/(n−1), 1]; near 0 for
    vectors spread over the sphere. Raises ``ValueError`` with fewer than two rows.

    Source: Liang et al. 2022, section 3; thesis, chapter 3.1.

    >>> mean_cosine(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item()
    -1.0
    """
    n = _at_least_two(len(features))
    x = features.double()  # a difference of two sums of order n²
    return ((x.sum(dim=0).square().sum() - x.square().sum()) / (n * (n - 1))).to(features.dtype)


def min_cosine(features: Float[Tensor, "n d"], *, chunk_size: int = 1024) -> Float[Tensor, ""]:
    """Measure the opening of the cone: the smallest cosine between two rows.

    min_{i≠j} <x_i, x_j>. Range [−1, 1]. Works on ``chunk_size`` rows at a time. Raises ``ValueError`` with fewer than
    two rows.

    Source: Liang et al. 2022, section 3; thesis, chapter 3.1.

    >>> min_cosine(torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])).item()
    -1.0
    """
    n = _at_least_two(len(features))
    smallest = features.new_full((), torch.inf)
    for start in range(0, n, chunk_size):
        # Row i meets the rows after it; the diagonal and what lies below it are another pair's or its own.
        cosines = features[start : start + chunk_size] @ features[start:].T
        later = torch.ones_like(cosines, dtype=torch.bool).triu(diagonal=1)
        smallest = torch.minimum(smallest, cosines.masked_fill(~later, torch.inf).amin())
    return smallest


def mean_norm(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure the mean resultant: the length of the mean vector.

    ‖x̄‖. Range [0, 1] for unit vectors; 1 when all are one point. NaN without rows.

    Source: Mardia & Jupp 2000, section 9.2.

    >>> mean_norm(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item()
    0.0
    """
    norm: Tensor = torch.linalg.vector_norm(features.mean(dim=0))
    return norm


def _at_least_two(n: int) -> int:
    if n < 2:
        raise ValueError(f"a cone needs at least 2 rows, got {n}")
    return n
