"""What a model makes of some images of a dataset and their captions: embeddings, and the metrics on them."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data import PairDataset
from gap.data.captions import caption_ids
from gap.metrics import evaluate, retrieval
from gap.metrics.protocols import KS
from gap.models.clip import Clip
from gap.models.languages import in_language
from gap.training.embed import IMAGES, embed, embed_by_length
from gap.training.encoders import Encoder
from gap.training.errors import NonFiniteError
from gap.training.tokens import padding_id
from gap.training.towers import make_towers

TRAIN_IMAGES = 5000


@dataclass(frozen=True)
class Split:
    """Some images of a dataset and their captions, each distinct row of tokens once.

    ``text_of`` gives the row of ``tokens`` for each caption. Captions with one number in ``caption_ids`` are equal, by
    ``gap.data.captions.caption_key``. Captions that differ and yet have one row of tokens have the very same embedding:
    they tie, and ties count against the model.
    """

    rows: Int[np.ndarray, " m"]
    tokens: Int[Tensor, "distinct length"]
    image_of_text: Int[np.ndarray, " n"]
    text_of: Int[np.ndarray, " n"]
    caption_ids: Int[np.ndarray, " n"]


@dataclass(frozen=True)
class Embedded:
    """A split's embeddings after an epoch, unit vectors on the run's device.

    ``counts`` says whether this is the epoch that counts as far as the run has come; epoch 0 never does.
    """

    epoch: int
    split: Split
    image_features: Float[Tensor, "m d"]
    text_features: Float[Tensor, "n d"]
    counts: bool


def make_split(dataset: PairDataset, clip: Clip, rows: Int[np.ndarray, " m"]) -> Split:
    """Tokenise the captions of the images in ``rows``."""
    captions = [dataset.captions[row] for row in rows]
    texts = [text for of_image in captions for text in of_image]
    tokens = in_language(clip, dataset.language).tokenize(texts)
    distinct, text_of = torch.unique(tokens, dim=0, return_inverse=True)
    image_of_text = np.repeat(np.arange(len(captions)), [len(of_image) for of_image in captions])
    return Split(rows, distinct, image_of_text, text_of.numpy(), caption_ids(texts))


def embed_split(
    clip: Clip, dataset: PairDataset, split: Split, *, device: torch.device, precision: str
) -> tuple[Float[Tensor, "m d"], Float[Tensor, "n d"]]:
    """Embed the images and every one of their captions as unit vectors in fp32.

    Each image and each distinct caption is embedded once. Leaves the model in evaluation mode.
    """
    towers = make_towers(clip, dataset, device=device, precision=precision)
    return embed_with(clip, towers.images, towers.texts(split.tokens), split)


def embed_with(
    clip: Clip, images: Encoder, texts: Encoder, split: Split
) -> tuple[Float[Tensor, "m d"], Float[Tensor, "n d"]]:
    """Embed a split as ``embed_split`` does, by given encoders: of the dataset's images and of ``split.tokens``."""
    clip.model.eval()
    image_features = embed(images, split.rows, chunk=IMAGES)
    distinct_features = embed_by_length(texts, split.tokens, pad=padding_id(clip.model))
    return image_features, distinct_features[torch.from_numpy(split.text_of).to(distinct_features.device)]


def evaluate_features(
    split: Split,
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    *,
    pool_size: int,
    base: tuple[Float[Tensor, "m e"], Float[Tensor, "n e"]] | None = None,
) -> dict[str, float]:
    """Give every metric of a split's embeddings; pools are drawn with a fixed seed.

    ``base`` holds the embeddings before training, None where these are they. Raises ``NonFiniteError`` if an embedding
    or a metric is not finite.
    """
    for name, features in (("image", image_features), ("text", text_features)):
        if bad := int((~features.isfinite().all(dim=1)).sum()):
            raise NonFiniteError(f"{bad} of {len(features)} {name} embeddings are not finite")
    metrics = evaluate(
        image_features,
        text_features,
        image_of_text=split.image_of_text,
        caption_ids=split.caption_ids,
        pool_size=pool_size,
        base=base,
    )
    broken = [name for name, value in metrics.items() if not math.isfinite(value)]
    if broken:
        raise NonFiniteError(f"{', '.join(broken)} not finite on the {len(split.rows)} images")
    return metrics


def evaluate_split(
    clip: Clip, dataset: PairDataset, split: Split, *, device: torch.device, precision: str, pool_size: int
) -> dict[str, float]:
    """Embed a split and give every metric. Raises ``NonFiniteError`` if one is not finite."""
    features = embed_split(clip, dataset, split, device=device, precision=precision)
    return evaluate_features(split, *features, pool_size=pool_size)


def training_sample(dataset: PairDataset, clip: Clip, *, images: int = TRAIN_IMAGES) -> Split:
    """Draw the training images, the same for every run, that recall is measured on beside the test images."""
    rows = np.random.default_rng(0).permutation(dataset.train)[:images]
    return make_split(dataset, clip, np.sort(rows))


def training_recall(
    split: Split, image_features: Float[Tensor, "m d"], text_features: Float[Tensor, "n d"], *, pool_size: int
) -> dict[str, float]:
    """Give ``train_recall_at_k`` in per cent, in pools: how much of what was trained on is known by heart."""
    scores = retrieval(
        image_features,
        text_features,
        image_of_text=split.image_of_text,
        caption_ids=split.caption_ids,
        pool_size=pool_size,
    )
    return {f"train_recall_at_{k}": scores[f"recall_at_{k}"] for k in KS}
