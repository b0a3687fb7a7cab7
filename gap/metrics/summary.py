"""All metrics of one split at once."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.cka import linear_cka
from gap.metrics.cone import mean_cosine, mean_norm, min_cosine
from gap.metrics.distance import misalignment, modality_gap
from gap.metrics.protocols import retrieval
from gap.metrics.relative_gap import centred_residual, relative_modality_gap
from gap.metrics.separability import linear_separability
from gap.metrics.spectrum import effective_rank
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
    base: tuple[Float[Tensor, "m e"], Float[Tensor, "n e"]] | None = None,
) -> dict[str, float]:
    """Give every metric of ``METRICS`` by name, for unit vectors of images and texts.

    What is measured on pairs (misalignment and others) counts an image with several texts once for each. ``base`` holds
    the features that the model before training gives the same images and texts; None stands for these themselves.

    >>> x, index = torch.eye(4), np.arange(4)
    >>> evaluate(x, x, image_of_text=index, caption_ids=index)["modality_gap"]
    0.0
    """
    pairs = image_features[torch.from_numpy(image_of_text)]
    return {
        "modality_gap": modality_gap(image_features, text_features).item(),
        "misalignment": misalignment(pairs, text_features).item(),
        "uniformity": uniformity(image_features, text_features).item(),
        "relative_modality_gap": relative_modality_gap(pairs, text_features, images=image_features).item(),
        "centred_residual": centred_residual(pairs, text_features).item(),
        "linear_separability": linear_separability(image_features, text_features, image_of_text=image_of_text).item(),
        **_of_one("image", image_features, None if base is None else base[0]),
        **_of_one("text", text_features, None if base is None else base[1]),
        "cka_modalities": linear_cka(pairs, text_features).item(),
        **retrieval(
            image_features,
            text_features,
            image_of_text=image_of_text,
            caption_ids=caption_ids,
            pool_size=pool_size,
            seed=seed,
        ),
    }


def _of_one(modality: str, features: Float[Tensor, "n d"], base: Float[Tensor, "n e"] | None) -> dict[str, float]:
    values = {
        "cone_mean": mean_cosine(features),
        "cone_min": min_cosine(features),
        "mean_norm": mean_norm(features),
        "effective_rank": effective_rank(features),
        "cka_base": linear_cka(features, features if base is None else base),
    }
    return {f"{modality}_{name}": value.item() for name, value in values.items()}
