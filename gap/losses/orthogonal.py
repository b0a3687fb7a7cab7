"""Orthogonal and antipodal terms: push what is no pair apart, to a right angle or as far as it goes.

Sums run over the batch. ``reduction="mean"``, the default, divides them by n², which gives the thesis's tables. It
keeps the weight of the n(n−1) cells off the diagonal whatever the batch size (but for (n−1)/n), and not that of the n
matching pairs: beside the others these weigh α/(n−1), at 45 pairs twice as much as at 90. ``reduction="balanced"``
averages the pairs and the others each by themselves, −α·mean_i + mean_{i≠j}, and neither depends on n: the mean with α
is (n−1)/n times the balanced form with α/(n−1). ``reduction="sum"`` leaves the sums as the thesis prints them.
"""

from collections.abc import Callable
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

Reduction = Literal["mean", "sum", "balanced"]


def orthogonal_intra(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    alpha: float = 1.0,
    reduction: Reduction = "mean",
) -> Float[Tensor, ""]:
    """Make different items of one modality orthogonal.

    (1/n²) [−α Σ_i |<x_i,x_i>| + Σ_{i≠j} |<x_i,x_j>|], plus the same for y. Range [−2α/n, 2(n−1−α)/n]. On the sphere the
    α part is the constant −2α/n and has no gradient. ``reduction="balanced"``: −α + mean_{i≠j}, for both.

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
    The same α weighs matching pairs by α/(n−1) beside the others, the less the larger the batch;
    ``reduction="balanced"``, 2[−α mean_i |c_ii| + mean_{i≠j} |c_ij|], does not depend on n.

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
    Range [−2(1+α)/n, 2(n−1−α)/n], since Σ_ij <x_i,x_j> = ‖Σ x_i‖² ≥ 0. ``reduction="balanced"``: −α + mean_{i≠j}, for
    both.

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

    (2/n²) [−α Σ_i c_ii + Σ_{i≠j} c_ij]. Range [−2(n−1+α)/n, 2(n−1+α)/n]. The same α weighs matching pairs by α/(n−1)
    beside the others, the less the larger the batch; ``reduction="balanced"``, 2[−α mean_i c_ii + mean_{i≠j} c_ij],
    does not depend on n.

    Source: thesis, equation 5.8 on the cells of equation 5.2.

    >>> x = torch.eye(2)
    >>> antipodal_inter(x, -x, alpha=1.0).item()
    1.0
    """
    return 2 * _cells(image_features @ text_features.T, alpha, reduction)


def _cells(cosines: Float[Tensor, "n n"], alpha: float, reduction: Reduction) -> Float[Tensor, ""]:
    """Add up the cells off the diagonal, take away alpha times those on it."""
    n = len(cosines)
    diagonal = cosines.diagonal().sum()
    # The diagonal is masked rather than subtracted: a difference of large sums would lose the small remainder.
    others = cosines.masked_fill(torch.eye(n, dtype=torch.bool, device=cosines.device), 0).sum()
    weight, divisor = _REDUCTIONS[reduction](n)
    return (others - alpha * weight * diagonal) / divisor


# The weight of the diagonal's sum, and what both are divided by. One pair has no other cells: their sum is 0.
_REDUCTIONS: dict[str, Callable[[int], tuple[int, int]]] = {
    "mean": lambda n: (1, n**2),
    "balanced": lambda n: (max(n - 1, 1), n * max(n - 1, 1)),
    "sum": lambda n: (1, 1),
}
