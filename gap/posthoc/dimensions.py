"""Leaving out the few dimensions that carry most of the gap."""

import torch
from jaxtyping import Float
from torch import Tensor

from gap.posthoc.maps import Maps, mean_of, unit


def drop_gap_dimensions(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Set the k dimensions with the largest |x̄ − ȳ| to zero and put rows back on the sphere; ``strength`` is k.

    k = 0 changes nothing. Raises ``ValueError`` without training rows, or unless k is a whole number below d.

    Source: Schrodi et al. 2025, "Two Effects, One Trigger": a few dimensions drive the gap.

    >>> maps = drop_gap_dimensions(torch.tensor([[1.0, 0.1]]), torch.tensor([[-1.0, 0.1]]), 1.0)
    >>> maps.image(torch.tensor([[0.6, 0.8]])).tolist()
    [[0.0, 1.0]]
    """
    d, k = image.shape[1], int(strength)
    if k != strength or not 0 <= k < d:
        raise ValueError(f"dimensions to drop: expected a whole number from 0 to {d - 1}, got {strength}")
    largest = (mean_of(image) - mean_of(text)).abs().topk(k).indices
    keep = torch.ones(d, dtype=image.dtype, device=image.device).index_fill(0, largest, 0.0)
    return Maps(lambda x: unit(x * keep), lambda y: unit(y * keep))
