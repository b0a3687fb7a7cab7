"""What the projections reach on the held-out pictograms."""

from pathlib import Path

import numpy as np
import torch

from gap.data import PairDataset, open_dataset, prepare
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
    texts, image_of_text, caption_ids = _test_captions(dataset)
    image_features = projections.encode_image(pooled_images(model, dataset.images[dataset.test]))
    text_features = projections.encode_text(pooled_texts(model, texts))[torch.from_numpy(caption_ids)]
    return evaluate(image_features, text_features, image_of_text=image_of_text, caption_ids=caption_ids)["recall_at_1"]


def _test_captions(dataset: PairDataset) -> tuple[list[str], np.ndarray, np.ndarray]:
    captions = [dataset.captions[row] for row in dataset.test]
    distinct, ids = np.unique([text for some in captions for text in some], return_inverse=True)
    return (
        distinct.tolist(),
        np.repeat(np.arange(len(captions)), [len(some) for some in captions]),
        ids.astype(np.int64),
    )
