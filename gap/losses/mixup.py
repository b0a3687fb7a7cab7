"""Geodesic multi-modal mixup: negatives that lie between the modalities."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def m2_mix(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    logit_scale: Float[Tensor, ""] | float = 1.0,
) -> Float[Tensor, ""]:
    """Tell each half of a pair from the midpoints of the other pairs, which lie where the gap is.

    ½ [CE(s·a, rows) + CE(s·b, rows)] with the diagonal as labels: a_ii = b_ii = c_ii, a_ij = <x_i, m_j> and
    b_ij = <y_i, m_j>, where m_j = norm(x_j + y_j) is halfway on the geodesic. Range [0, ∞). The paper draws the place
    on the geodesic from a Beta distribution; here it is that distribution's mean, so that a term is a function of the
    batch. A pair of opposite vectors has no midpoint and counts as the origin.

    Source: Oh et al. 2023, "Geodesic Multi-Modal Mixup for Robust Fine-Tuning" (m²-mix).

    >>> x = torch.eye(2)
    >>> round(m2_mix(x, x, logit_scale=1.0).item(), 4)
    0.3133
    """
    middles = F.normalize(image_features + text_features, dim=1, eps=1e-4)
    pairs = (image_features * text_features).sum(dim=1)
    labels = torch.arange(len(pairs), device=pairs.device)
    diagonal = torch.eye(len(pairs), dtype=torch.bool, device=pairs.device)
    losses = [
        F.cross_entropy(logit_scale * torch.where(diagonal, pairs[:, None], features @ middles.T), labels)
        for features in (image_features, text_features)
    ]
    return (losses[0] + losses[1]) / 2
