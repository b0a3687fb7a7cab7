"""CLIP's symmetric cross-entropy, and the pairwise sigmoid loss that can take its place."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def ce(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    logit_scale: Float[Tensor, ""] | float = 1.0,
) -> Float[Tensor, ""]:
    """Pull each pair together against every other text and image of the batch.

    ½ [CE(s·c, rows) + CE(s·cᵀ, rows)] with c_ij = <x_i, y_j> and the diagonal as labels.
    Range [ln(1 + (n−1)e^{−sn/(n−1)}), ln(1 + (n−1)e^{2s})]; about ln n for features that tell nothing. Pairs that
    coincide, on a simplex, attain the lower end. ``logit_scale`` is the multiplier s, as open_clip's losses take it.

    Pairs with equal captions are wrong answers to each other like any others: k exact twins, equal in both modalities,
    leave ln k; of images that differ, the one nearer to their caption is pushed away from it until all are equally
    near. ``unique_captions`` of a run draws batches without such pairs.

    Source: Radford et al. 2021 (CLIP); thesis, algorithm 1.

    >>> x = torch.eye(2)
    >>> round(ce(x, x, logit_scale=1.0).item(), 4)
    0.3133
    """
    logits = logit_scale * image_features @ text_features.T
    labels = torch.arange(len(logits), device=logits.device)
    return (F.cross_entropy(logits, labels) + F.cross_entropy(logits.T, labels)) / 2


def siglip(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    logit_scale: Float[Tensor, ""] | float = 1.0,
    logit_bias: Float[Tensor, ""] | float = 0.0,
) -> Float[Tensor, ""]:
    """Judge every image-text cell by itself: a pair or not.

    −(1/n) Σ_ij log σ(z_ij (s·c_ij + b)) with z_ij = 1 on the diagonal and −1 off it. Range [0, ∞). b is the model's
    ``logit_bias``; SigLIP starts it at −10, since nearly all cells are no pairs. A model that has none trains with
    b = 0, which the published loss does not.

    Source: Zhai et al. 2023 (SigLIP), equation 1.

    >>> x = torch.eye(2)
    >>> round(siglip(x, -x, logit_scale=1.0).item(), 4)
    2.0064
    """
    logits = logit_scale * image_features @ text_features.T + logit_bias
    sign = 2 * torch.eye(len(logits), dtype=logits.dtype, device=logits.device) - 1
    return -F.logsigmoid(sign * logits).sum() / len(logits)
