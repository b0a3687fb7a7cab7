"""The metrics of a model on the test images of a dataset."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from gap.data import PairDataset
from gap.metrics import evaluate
from gap.models.clip import Clip
from gap.training.embed import embed_images, embed_texts
from gap.training.errors import NonFiniteError


@dataclass(frozen=True)
class TestSplit:
    """The test images and their captions, each distinct row of tokens once.

    ``text_of`` gives the row of ``tokens`` for each caption, and so tells which captions are equal.
    """

    __test__ = False  # the name is not a test's

    rows: Int[np.ndarray, " m"]
    tokens: Int[Tensor, "distinct length"]
    image_of_text: Int[np.ndarray, " n"]
    text_of: Int[np.ndarray, " n"]


def make_test_split(dataset: PairDataset, clip: Clip) -> TestSplit:
    """Tokenise the captions of the test images. Captions that the model reads alike ("Sol", "sol") are one."""
    captions = [dataset.captions[row] for row in dataset.test]
    tokens = clip.tokenize([text for texts in captions for text in texts])
    distinct, text_of = torch.unique(tokens, dim=0, return_inverse=True)
    image_of_text = np.repeat(np.arange(len(captions)), [len(texts) for texts in captions])
    return TestSplit(dataset.test, distinct, image_of_text, text_of.numpy())


def evaluate_split(
    clip: Clip,
    dataset: PairDataset,
    split: TestSplit,
    *,
    device: torch.device,
    precision: str,
    pool_size: int,
) -> dict[str, float]:
    """Give every metric of the model on the test split; pools are drawn with the dataset's own fixed seed.

    Each image and each distinct caption is embedded once. Raises ``NonFiniteError`` if a metric is not finite.
    """
    clip.model.eval()
    image_features = embed_images(clip, dataset.images, split.rows, device=device, precision=precision)
    distinct_features = embed_texts(clip, split.tokens, device=device, precision=precision)
    metrics = evaluate(
        image_features,
        distinct_features[torch.from_numpy(split.text_of).to(device)],
        image_of_text=split.image_of_text,
        caption_ids=split.text_of,
        pool_size=pool_size,
    )
    broken = [name for name, value in metrics.items() if not math.isfinite(value)]
    if broken:
        raise NonFiniteError(f"{', '.join(broken)} not finite on the test split")
    return metrics
