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
    Images with equal texts have d = 0: nothing pushes them apart.

    Otherwise than in the authors' code: (1) their d is the cosine distance of a frozen sentence encoder
    (all-mpnet-base-v2); a term sees the batch alone, so d comes from the texts that are trained, without gradient. (2)
    Their runs add the same loss of texts (``--separate_text --separate_image``); here images alone. (3) They weigh
    CE(rows) + CE(columns) by 1 and this term by ½; ``ce`` is half that sum, so a weight of ¼ is theirs. (4) Their d_ii
    is 0 up to rounding; here the diagonal is c_ii itself. (5) Their towers share parameters (SharedCLIP), which is no
    part of a loss.

    Source: after Eslami & de Melo 2025 (AlignCLIP), "Mitigate the Gap", intra-modality separation; code:
    sarahESL/AlignCLIP.

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
