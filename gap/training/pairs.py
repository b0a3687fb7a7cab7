"""The training half of a dataset, in batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from torch import Tensor

from gap.data import PairDataset
from gap.models.clip import Clip
from gap.models.languages import in_language
from gap.training.batches import epoch_batches
from gap.training.gradients import Batch


@dataclass(frozen=True)
class TrainingPairs:
    """Training images with their captions, tokenised once.

    ``images`` are rows of the dataset. ``first_text[i]`` and ``texts[i]`` are, for the dataset's image i, the row of
    its first caption in ``tokens`` and their number.
    """

    images: Int[np.ndarray, " train"]
    tokens: Int[Tensor, "n length"]
    first_text: Int[np.ndarray, " m"]
    texts: Int[np.ndarray, " m"]

    def batches(self, *, batch_size: int, seed: int, epoch: int) -> Iterator[Batch]:
        """Give an epoch's batches; of an image with several captions, each epoch draws one."""
        draws = np.random.default_rng([seed, epoch, 1])
        for rows in epoch_batches(self.images, batch_size=batch_size, seed=seed, epoch=epoch):
            yield Batch(rows, self.first_text[rows] + draws.integers(self.texts[rows]))


def make_training_pairs(dataset: PairDataset, clip: Clip) -> TrainingPairs:
    """Tokenise the captions of the training images."""
    texts = np.zeros(len(dataset.captions), dtype=np.int64)
    texts[dataset.train] = [len(dataset.captions[row]) for row in dataset.train]
    tokens = in_language(clip, dataset.language).tokenize(
        [text for row in dataset.train for text in dataset.captions[row]]
    )
    return TrainingPairs(dataset.train, tokens, first_text=np.cumsum(texts) - texts, texts=texts)
