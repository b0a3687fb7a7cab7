"""The training half of a dataset as batches of tensors."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data import PairDataset
from gap.models.clip import Clip
from gap.training.batches import epoch_batches, to_pixels
from gap.training.tokens import padding_id, trim_padding


@dataclass(frozen=True)
class TrainingPairs:
    """Training images with their captions, tokenised once.

    ``first_text[i]`` and ``texts[i]`` are, for the dataset's image i, the row of its first caption and their number.
    """

    dataset: PairDataset
    clip: Clip
    tokens: Int[Tensor, "n length"]
    first_text: Int[np.ndarray, " m"]
    texts: Int[np.ndarray, " m"]

    def batches(
        self, *, batch_size: int, seed: int, epoch: int, device: torch.device
    ) -> Iterator[tuple[Float[Tensor, "b 3 h w"], Int[Tensor, "b length"]]]:
        """Give an epoch's batches; of an image with several captions, each epoch draws one."""
        draws = np.random.default_rng([seed, epoch, 1])
        pad = padding_id(self.clip.model)
        for rows in epoch_batches(self.dataset.train, batch_size=batch_size, seed=seed, epoch=epoch):
            texts = self.first_text[rows] + draws.integers(self.texts[rows])
            pixels = to_pixels(self.dataset.images[rows], mean=self.clip.mean, std=self.clip.std, device=device)
            yield pixels, trim_padding(self.tokens[torch.from_numpy(texts)], pad).to(device)


def make_training_pairs(dataset: PairDataset, clip: Clip) -> TrainingPairs:
    """Tokenise the captions of the training images."""
    texts = np.zeros(len(dataset.captions), dtype=np.int64)
    texts[dataset.train] = [len(dataset.captions[row]) for row in dataset.train]
    tokens = clip.tokenize([text for row in dataset.train for text in dataset.captions[row]])
    return TrainingPairs(dataset, clip, tokens, first_text=np.cumsum(texts) - texts, texts=texts)
