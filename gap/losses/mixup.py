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
    b_ij = <y_i, m_j>, where m_j = norm(x_j + y_j) is halfway on the geodesic. Range [0, ∞). A pair of opposite
    vectors has no midpoint and counts as the origin.

    Otherwise than in the authors' code: (1) they draw the place on the geodesic once a batch from Beta(½, ½), or
    Beta(1, 1) by default; here it is that distribution's mean, the midpoint, so that a term is a function of the batch.
    (2) They add both cross-entropies, here they are averaged: twice their weight (0.001 to 0.05) is the same loss.
    (3) They divide the weight by the number of the epoch; here it stays. (4) Their m²-mix has a temperature of
    its own (τ₂ = 0.07, ``--sep_scale``); here s is the model's. (5) Their sines give NaN for a pair that coincides.

    Source: Oh et al. 2023, "Geodesic Multi-Modal Mixup for Robust Fine-Tuning" (m²-mix); code:
    changdaeoh/multimodal-mixup.

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
