"""The gap against the spread of the modalities, and the distance within pairs that it does not explain."""

import torch
from jaxtyping import Float
from torch import Tensor

from gap.metrics.cone import mean_cosine


def relative_modality_gap(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    images: Float[Tensor, "m d"] | None = None,
) -> Float[Tensor, ""]:
    """Set the distance within pairs against the distances within each modality.

    d⁺ / (d⁺ + ½(d_II + d_TT)) with d = (1 − cosine)/2: d⁺ the mean over pairs, d_II and d_TT the means over different
    rows of one modality. Range [0, 1]: 0 when pairs coincide, as they do in a model that maps everything to one point;
    ½ when a pair is as far apart as any two images or texts; 1 when each modality is one point. ``images`` holds each
    image once where the rows of ``image_features`` repeat them for several texts. Raises ``ValueError`` with fewer than
    two rows.

    Source: Schrodi et al. 2025, "Two Effects, One Trigger" (relative modality gap).

    >>> x = torch.eye(2)
    >>> relative_modality_gap(x, x.flip(0)).item()
    0.5
    """
    paired = (1 - (image_features * text_features).sum(dim=1).mean()) / 2
    within = sum((1 - mean_cosine(rows)) / 2 for rows in (image_features if images is None else images, text_features))
    total = paired + within / 2
    return torch.where(total == 0, torch.zeros_like(total), paired / total)


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
