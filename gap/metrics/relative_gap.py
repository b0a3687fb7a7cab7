"""The gap against the spread of the modalities, and the distance within pairs that it does not explain."""

import torch
from jaxtyping import Float
from torch import Tensor

from gap.metrics.centring import centred, resolution


def relative_modality_gap(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    images: Float[Tensor, "m d"] | None = None,
) -> Float[Tensor, ""]:
    """Set the distance within pairs against the distances within each modality.

    d⁺ / (d⁺ + ½(d_II + d_TT)) with d = ‖·‖²/4, which is (1 − cosine)/2 on the sphere: d⁺ the mean over pairs, d_II and
    d_TT the means over different rows of one modality. Range [0, 1]: 0 when pairs coincide; ½ when a pair is as far
    apart as any two images or texts; 1 when each modality is one point. ``images`` holds each image once where the rows
    of ``image_features`` repeat them for several texts. Raises ``ValueError`` with fewer than two rows.

    In a model that maps everything to one point pairs coincide as well: the value is 0, as that of ``modality_gap``
    and ``misalignment``, and it is recall that shows what such a model is worth. All distances are differences of
    vectors, in float64 (d_II = Σ‖x_i − x̄‖² / 2(n−1)), and those that rounding makes count as none: 1 − cosine would
    leave a ratio of rounding errors there.

    Source: Schrodi et al. 2025, "Two Effects, One Trigger" (relative modality gap).

    >>> x = torch.eye(2)
    >>> relative_modality_gap(x, x.flip(0)).item()
    0.5
    """
    difference = image_features.double() - text_features.double()
    paired = difference.square().sum(dim=1).mean() / 4
    least = (resolution(text_features.dtype) * text_features.double().norm(dim=1).mean()) ** 2 / 4
    paired = torch.where(paired <= least, 0.0, paired)
    within = sum(_within(rows) for rows in (image_features if images is None else images, text_features))
    total = paired + within / 2
    return torch.where(total == 0, torch.zeros_like(total), paired / total).to(image_features.dtype)


def _within(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Return mean_{i≠j} ‖x_i − x_j‖²/4 from the distances to the mean, in O(n·d)."""
    n = len(features)
    if n < 2:
        raise ValueError(f"a relative gap needs at least 2 rows, got {n}")
    return centred(features).square().sum() / (2 * (n - 1))


def centred_residual(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure how far apart the halves of a pair lie once each modality is moved to the origin.

    mean_i ‖(x_i − x̄) − (y_i − ȳ)‖², which is misalignment − gap². Range [0, 4]. NaN without rows.

    Source: follows from the thesis's equations 3.1 and 3.2.

    >>> x = torch.eye(2)
    >>> centred_residual(x, x + 3).item()
    0.0
    """
    difference = image_features - text_features
    return (difference - difference.mean(dim=0)).square().sum(dim=1).mean()
