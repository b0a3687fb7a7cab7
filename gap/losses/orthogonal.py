"""Orthogonal and antipodal terms: push what is no pair apart, to a right angle or as far as it goes.

Sums run over the batch; ``reduction="mean"`` divides them by n², so that a term's weight does not depend on the batch
size, and ``reduction="sum"`` leaves them as the thesis prints them.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Reduction = Literal["mean", "sum"]


def orthogonal_intra(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    alpha: float = 1.0,
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Make different items of one modality orthogonal.

    (1/n²) [−α Σ_i |<x_i,x_i>| + Σ_{i≠j} |<x_i,x_j>|], plus the same for y. Range [−2α/n, 2(n−1−α)/n]. On the sphere the
    α part is the constant −2α/n and has no gradient.

    Source: thesis, equation 5.1, after Ranasinghe et al. 2021.

    >>> x = torch.eye(2)
    >>> orthogonal_intra(x, x, alpha=0.0).item()
    0.0
    """
    return _cells((image_features @ image_features.T).abs(), alpha, reduction) + _cells(
        (text_features @ text_features.T).abs(), alpha, reduction
    )


def orthogonal_inter(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    alpha: float = 1.0,
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Make images orthogonal to the texts of other images, and parallel to their own.

    (2/n²) [−α Σ_i |c_ii| + Σ_{i≠j} |c_ij|]: rows and columns are both counted. Range [−2α/n, 2(n−1)/n].

    Source: thesis, equation 5.2.

    >>> x = torch.eye(2)
    >>> orthogonal_inter(x, x, alpha=1.0).item()
    -1.0
    """
    return 2 * _cells((image_features @ text_features.T).abs(), alpha, reduction)


def antipodal_intra(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    alpha: float = 1.0,
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Push different items of one modality apart, beyond the right angle.

    (1/n²) [−α Σ_i <x_i,x_i> + Σ_{i≠j} <x_i,x_j>], plus the same for y: ``orthogonal_intra`` without absolute values.
    Range [−2(1+α)/n, 2(n−1−α)/n], since Σ_ij <x_i,x_j> = ‖Σ x_i‖² ≥ 0.

    Source: thesis, equation 5.8.

    >>> x = torch.tensor([[1.0, 0.0], [-1.0, 0.0]])
    >>> antipodal_intra(x, x, alpha=0.0).item()
    -1.0
    """
    return _cells(image_features @ image_features.T, alpha, reduction) + _cells(
        text_features @ text_features.T, alpha, reduction
    )


def antipodal_inter(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    alpha: float = 1.0,
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Push images away from the texts of other images, beyond the right angle, and towards their own.

    (2/n²) [−α Σ_i c_ii + Σ_{i≠j} c_ij]. Range [−2(n−1+α)/n, 2(n−1+α)/n].

    Source: thesis, equation 5.8 on the cells of equation 5.2.

    >>> x = torch.eye(2)
    >>> antipodal_inter(x, -x, alpha=1.0).item()
    1.0
    """
    return 2 * _cells(image_features @ text_features.T, alpha, reduction)


def _cells(cosines: Float[Tensor, "n n"], alpha: float, reduction: Reduction) -> Float[Tensor, ""]:
    """Sum the cells off the diagonal, take away alpha times those on it."""
    diagonal = cosines.diagonal().sum()
    # The diagonal is masked rather than subtracted: a difference of large sums would lose the small remainder.
    total = cosines.masked_fill(torch.eye(len(cosines), dtype=torch.bool, device=cosines.device), 0).sum()
    total = total - alpha * diagonal
    return total / len(cosines) ** 2 if reduction == "mean" else total
