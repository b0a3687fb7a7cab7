"""How many directions the embeddings of a modality use."""

import torch
from jaxtyping import Float
from torch import Tensor

from gap.metrics.centring import centred


def effective_rank(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Count the directions in which rows differ, each by its share.

    exp(−Σ_k p_k ln p_k), p_k = σ_k/Σσ, with σ the singular values of the rows minus their mean: the mean is the cone's,
    and would be counted as most of the spread. Range [1, min(n−1, d)], and 0 when all rows are equal, or differ by no
    more than their type's rounding. From the d×d scatter matrix in float64 where n > d, never an n×n one. Raises
    ``ValueError`` with fewer than two rows.

    Source: Roy & Vetterli 2007, "The effective rank".

    >>> x = torch.cat([torch.eye(3), -torch.eye(3)])
    >>> round(effective_rank(x).item(), 5)
    3.0
    """
    n, d = features.shape
    if n < 2:
        raise ValueError(f"effective rank needs at least 2 rows, got {n}")
    rows = centred(features)
    if not rows.isfinite().all():
        return features.new_tensor(torch.nan)  # the decompositions would raise instead
    singular = torch.linalg.eigvalsh(rows.T @ rows).clamp(min=0).sqrt() if n > d else torch.linalg.svdvals(rows)
    # Rounding leaves about 1e-16 of the largest eigenvalue, so 1e-8 of the largest singular value, where there is none.
    singular = singular.masked_fill(singular <= 1e-7 * singular.max(), 0)
    share = singular / singular.sum()
    rank: Tensor = torch.where(singular.sum() == 0, 0.0, (-torch.xlogy(share, share).sum()).exp())
    return rank.to(features.dtype)
