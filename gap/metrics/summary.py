"""All metrics of one split at once."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.distance import misalignment, modality_gap
from gap.metrics.protocols import retrieval
from gap.metrics.uniformity import uniformity


@torch.no_grad()
def evaluate(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    *,
    image_of_text: Int[np.ndarray, " n"],
    caption_ids: Int[np.ndarray, " n"],
    pool_size: int = 90,
    seed: int = 0,
) -> dict[str, float]:
    """Give every metric of ``METRICS`` by name, for unit vectors of images and texts.

    Misalignment is taken over pairs: an image with several texts counts once for each.

    >>> x, index = torch.eye(4), np.arange(4)
    >>> evaluate(x, x, image_of_text=index, caption_ids=index)["modality_gap"]
    0.0
    """
    pairs = image_features[torch.from_numpy(image_of_text)]
    return {
        "modality_gap": modality_gap(image_features, text_features).item(),
        "misalignment": misalignment(pairs, text_features).item(),
        "uniformity": uniformity(image_features, text_features).item(),
        **retrieval(
            image_features,
            text_features,
            image_of_text=image_of_text,
            caption_ids=caption_ids,
            pool_size=pool_size,
            seed=seed,
        ),
    }
