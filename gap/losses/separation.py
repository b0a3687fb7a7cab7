"""AlignCLIP's term: different images apart, by as much as their texts differ."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def intra_separation(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    logit_scale: Float[Tensor, ""] | float = 1.0,
) -> Float[Tensor, ""]:
    """Push images apart, those whose texts differ most.

    −(1/n) Σ_i log [e^{s·c_ii} / (e^{s·c_ii} + Σ_{j≠i} e^{s·d_ij·<x_i,x_j>})], d_ij = 1 − <y_i,y_j>. Range [0, ∞).
    Images with equal texts have d = 0: nothing pushes them apart. The published distance is that of a frozen sentence
    encoder; a term sees the batch alone, so d comes from its own texts, without gradient.

    Source: after Eslami & de Melo 2025 (AlignCLIP), "Mitigate the Gap", intra-modality separation.

    >>> x = torch.eye(2)
    >>> round(intra_separation(x, x, logit_scale=1.0).item(), 4)
    0.3133
    """
    distance = 1 - (text_features @ text_features.T).detach()
    apart = logit_scale * distance * (image_features @ image_features.T)
    pairs = logit_scale * (image_features * text_features).sum(dim=1)
    diagonal = torch.eye(len(apart), dtype=torch.bool, device=apart.device)
    logits = torch.where(diagonal, pairs[:, None], apart)
    return F.cross_entropy(logits, torch.arange(len(logits), device=logits.device))
