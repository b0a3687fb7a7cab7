"""All metrics of one split at once."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.cka import FEWEST, debiased_linear_cka
from gap.metrics.cone import mean_cosine, mean_norm, min_cosine
from gap.metrics.distance import misalignment, modality_gap
from gap.metrics.protocols import first_texts, retrieval
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

    What is measured on pairs (misalignment and others) counts an image with several texts once for each; only CKA takes
    an image with its first text alone, as rows that belong together are no independent examples. ``base`` holds the
    features that the model before training gives the same images and texts; None stands for these themselves.

    Every value is finite for finite features. Raises ``ValueError`` with fewer than four images, for which some have
    none, on an image without text, and on a feature that is not finite.

    >>> x, index = torch.eye(4), np.arange(4)
    >>> evaluate(x, x, image_of_text=index, caption_ids=index)["modality_gap"]
    0.0
    """
    if len(image_features) < FEWEST:
        raise ValueError(f"the metrics need at least {FEWEST} images, got {len(image_features)}")
    first = first_texts(image_of_text, len(image_features))
    pairs = image_features[torch.from_numpy(image_of_text)]
    before = (image_features, text_features) if base is None else base
    return {
        "modality_gap": modality_gap(image_features, text_features).item(),
        "misalignment": misalignment(pairs, text_features).item(),
        "uniformity": uniformity(image_features, text_features).item(),
        "relative_modality_gap": relative_modality_gap(pairs, text_features, images=image_features).item(),
        "centred_residual": centred_residual(pairs, text_features).item(),
        "linear_separability": linear_separability(image_features, text_features, image_of_text=image_of_text).item(),
        **_of_one("image", image_features),
        **_of_one("text", text_features),
        "image_cka_base": debiased_linear_cka(image_features, before[0]).item(),
        "text_cka_base": debiased_linear_cka(text_features[first], before[1][first]).item(),
        "cka_modalities": debiased_linear_cka(image_features, text_features[first]).item(),
        **retrieval(
            image_features,
            text_features,
            image_of_text=image_of_text,
            caption_ids=caption_ids,
            pool_size=pool_size,
            seed=seed,
        ),
    }


def _of_one(modality: str, features: Float[Tensor, "n d"]) -> dict[str, float]:
    values = {
        "cone_mean": mean_cosine(features),
        "cone_min": min_cosine(features),
        "mean_norm": mean_norm(features),
        "effective_rank": effective_rank(features),
    }
    return {f"{modality}_{name}": value.item() for name, value in values.items()}
