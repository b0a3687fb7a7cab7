"""How cosines are spread: within each modality, within pairs, and across what is no pair."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

BINS = 200  # of width 0.01 on [-1, 1]


def cosine_histograms(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    image_of_text: Int[Tensor, " n"],
    *,
    chunk_size: int = 1024,
) -> dict[str, Int[Tensor, " bins"]]:
    """Count cosines in 200 bins of width 0.01 on [-1, 1], those of 1 in the last.

    ``image_image`` and ``text_text`` hold every two different rows once, ``paired`` every text with its own image,
    ``crossed`` every text with every other image. Works on ``chunk_size`` rows at a time and never holds a whole
    matrix. Expects unit vectors; cosines that rounding takes beyond 1 count as 1, NaN does not count.

    Source: thesis, figures 5.3-5.6 and annex D.

    >>> x = torch.eye(2)
    >>> counts = cosine_histograms(x, -x, torch.arange(2))
    >>> {kind: torch.nonzero(count).flatten().tolist() for kind, count in counts.items()}
    {'image_image': [100], 'text_text': [100], 'paired': [0], 'crossed': [100]}
    """
    counts = {
        "image_image": _within(image_features, chunk_size),
        "text_text": _within(text_features, chunk_size),
        "paired": _count((image_features[image_of_text] * text_features).sum(dim=1)),
        "crossed": torch.zeros(BINS, dtype=torch.int64),
    }
    images = torch.arange(len(image_features), device=image_features.device)
    for start in range(0, len(text_features), chunk_size):
        chunk = slice(start, start + chunk_size)
        cosines = text_features[chunk] @ image_features.T
        counts["crossed"] += _count(cosines[image_of_text[chunk, None] != images])
    return counts


def _within(features: Float[Tensor, "n d"], chunk_size: int) -> Int[Tensor, " bins"]:
    counts = torch.zeros(BINS, dtype=torch.int64)
    for start in range(0, len(features), chunk_size):
        chunk = features[start : start + chunk_size]
        # Row i meets the rows after it: every pair once, no diagonal. The first of these columns is the chunk's start.
        cosines = chunk @ features[start:].T
        counts += _count(cosines[torch.ones_like(cosines, dtype=torch.bool).triu(diagonal=1)])
    return counts


def _count(cosines: Float[Tensor, " _"]) -> Int[Tensor, " bins"]:
    # histc counts in the type of what it counts: exact up to 2^24 in fp32.
    parts = cosines.clamp(-1, 1).split(2**24)
    return torch.stack([torch.histc(part, bins=BINS, min=-1, max=1).long() for part in parts]).sum(dim=0).cpu()
