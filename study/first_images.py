"""What a model finds for a caption: the first images, and which of them are right."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from study.embeddings import Embeddings


@dataclass(frozen=True)
class FirstImages:
    """For each query, the first k images of the whole test split, best first, their cosines, and which are hits."""

    images: Int[Tensor, "q k"]
    cosines: Float[Tensor, "q k"]
    hits: Bool[Tensor, "q k"]


def first_images(embeddings: Embeddings, texts: Int[Tensor, " q"], k: int) -> FirstImages:
    """Rank the test images for captions ``texts`` (rows of ``text_features``); equal cosines: the first image first.

    A hit is the caption's own image, or one with an equal caption. Fewer images than ``k`` are all of them.
    """
    cosines = embeddings.text_features[texts] @ embeddings.image_features.T
    order = cosines.argsort(dim=1, descending=True, stable=True)[:, :k]
    same = embeddings.text_of[texts][:, None] == embeddings.text_of
    right = torch.zeros(len(texts), len(embeddings.image_features), dtype=torch.int64)
    right.index_add_(1, embeddings.image_of_text, same.long())
    return FirstImages(order, cosines.gather(1, order), right.gather(1, order) > 0)
