"""What the projections reach on the held-out pictograms."""

from pathlib import Path

import numpy as np
import torch

from gap.data import open_dataset, prepare
from gap.data.captions import caption_ids
from gap.metrics import evaluate
from gap.models.clip import ClipModel
from gap.training.mini.features import pooled_images, pooled_texts
from gap.training.mini.fit import Projections

LANGUAGES = ("en", "es")


def held_out_recall(model: ClipModel, projections: Projections, *, image_size: int) -> dict[str, float]:
    """Give R@1 (%, pools of 90, mean of both directions) on the test part of the bundled pictograms, by language."""
    return {
        language: recall_at_1(model, projections, prepare("pictograms", language=language, image_size=image_size))
        for language in LANGUAGES
    }


def recall_at_1(model: ClipModel, projections: Projections, prepared: Path) -> float:
    """Give R@1 (%, pools of 90, mean of both directions) on the test part of a prepared dataset."""
    dataset = open_dataset(prepared)
    captions = [dataset.captions[row] for row in dataset.test]
    texts = [text for of_image in captions for text in of_image]
    distinct, text_of = np.unique(texts, return_inverse=True)
    image_features = projections.encode_image(pooled_images(model, dataset.images[dataset.test]))
    text_features = projections.encode_text(pooled_texts(model, distinct.tolist()))[torch.from_numpy(text_of)]
    return evaluate(
        image_features,
        text_features,
        image_of_text=np.repeat(np.arange(len(captions)), [len(of_image) for of_image in captions]),
        caption_ids=caption_ids(texts),
    )["recall_at_1"]
