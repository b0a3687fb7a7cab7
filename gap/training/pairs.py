"""The training half of a dataset, in batches."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int
from torch import Tensor

from gap.data import PairDataset
from gap.data.captions import caption_ids
from gap.errors import UserError
from gap.models.clip import Clip
from gap.models.languages import in_language
from gap.training.batches import epoch_batches
from gap.training.distinct import distinct_batches, distinct_steps, steps_of
from gap.training.gradients import Batch


@dataclass(frozen=True)
class TrainingCaptions:
    """Training images and which captions they have: what decides an epoch's batches.

    ``images`` are rows of the dataset. Captions are numbered from 0 on, image by image: ``first_text[i]`` and
    ``texts[i]`` are, for the dataset's image i, its first caption and their number. ``caption_of`` has equal numbers
    for equal captions.
    """

    images: Int[np.ndarray, " train"]
    first_text: Int[np.ndarray, " m"]
    texts: Int[np.ndarray, " m"]
    caption_of: Int[np.ndarray, " n"]

    def batches(self, *, batch_size: int, seed: int, epoch: int, unique_captions: bool = False) -> Iterator[Batch]:
        """Return an epoch's batches; of an image with several captions, each epoch draws one.

        With ``unique_captions``, the captions of a batch differ from each other.
        """
        if unique_captions:
            texts = self._drawn(seed, epoch)
            captions = self.caption_of[texts]
            for chosen in distinct_batches(captions, batch_size=batch_size, seed=seed, epoch=epoch):
                yield Batch(self.images[chosen], texts[chosen])
            return
        draws = np.random.default_rng([seed, epoch, 1])
        for rows in epoch_batches(self.images, batch_size=batch_size, seed=seed, epoch=epoch):
            yield Batch(rows, self.first_text[rows] + draws.integers(self.texts[rows]))

    def steps(self, *, batch_size: int, seed: int, epochs: int, unique_captions: bool = False) -> list[int]:
        """Count the batches of every epoch. Raises ``UserError`` if an epoch has none without equal captions."""
        if not unique_captions:
            return [steps_of(len(self.images), batch_size)] * epochs
        counts = []
        for epoch in range(1, epochs + 1):
            captions = self.caption_of[self._drawn(seed, epoch)]
            counts.append(distinct_steps(captions, batch_size))
            if not counts[-1]:
                differing = len(np.unique(captions))
                raise UserError(
                    f"unique_captions: a batch of {min(batch_size, len(captions)):,} pairs needs as many captions that "
                    f"differ, and the {len(captions):,} training images have {differing:,} in epoch {epoch}: expected "
                    f"a batch_size of at most {differing:,}, or unique_captions: false"
                )
        return counts

    def _drawn(self, seed: int, epoch: int) -> Int[np.ndarray, " train"]:
        """Draw a caption of every training image for an epoch."""
        draws = np.random.default_rng([seed, epoch, 1])
        drawn: Int[np.ndarray, " train"] = self.first_text[self.images] + draws.integers(self.texts[self.images])
        return drawn


@dataclass(frozen=True)
class TrainingPairs(TrainingCaptions):
    """Training images with their captions, tokenised once: a row of ``tokens`` a caption."""

    tokens: Int[Tensor, "n length"]


def training_captions(dataset: PairDataset) -> TrainingCaptions:
    """Number the captions of the training images."""
    texts = np.zeros(len(dataset.captions), dtype=np.int64)
    texts[dataset.train] = [len(dataset.captions[row]) for row in dataset.train]
    caption_of = caption_ids(_captions(dataset))
    return TrainingCaptions(dataset.train, np.cumsum(texts) - texts, texts=texts, caption_of=caption_of)


def make_training_pairs(dataset: PairDataset, clip: Clip) -> TrainingPairs:
    """Tokenise the captions of the training images."""
    tokens = in_language(clip, dataset.language).tokenize(_captions(dataset))
    return TrainingPairs(**vars(training_captions(dataset)), tokens=tokens)


def _captions(dataset: PairDataset) -> list[str]:
    return [text for row in dataset.train for text in dataset.captions[row]]


def say_left_out(steps: list[int], *, pairs: int, batch_size: int) -> str:
    """Say how many pairs the batches without equal captions leave out of an epoch; the fewest where epochs differ.

    >>> say_left_out([1, 1], pairs=7903, batch_size=4096)
    'unique_captions: 1 batch of 4,096 an epoch without equal captions; 3,807 of 7,903 pairs are left out of each epoch'
    """
    most, size = max(steps), min(batch_size, pairs)
    least = "at least " if min(steps) < most else ""
    batches = "1 batch" if most == 1 else f"{most:,} batches"
    return (
        f"unique_captions: {batches} of {size:,} an epoch without equal captions; {least}{pairs - most * size:,} of "
        f"{pairs:,} pairs are left out of each epoch"
    )
