"""Optimiser steps of a run by themselves: to time them."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import torch

from gap.data import PairDataset, open_dataset
from gap.models.modes import train_mode
from gap.training.chunks import pairs_at_once
from gap.training.config import TrialConfig
from gap.training.gradients import accumulate, load_chunks
from gap.training.learner import Learner, make_learner
from gap.training.pairs import TrainingPairs, make_training_pairs
from gap.training.step import train_step
from gap.training.towers import make_towers


@dataclass(frozen=True)
class TrialSteps:
    """A run that is ready: its model, its data, and its steps, one each time the next is asked for, without end."""

    learner: Learner
    dataset: PairDataset
    steps_per_epoch: int
    steps: Iterator[dict[str, float]]


def trial_steps(config: TrialConfig) -> TrialSteps:
    """Make a run ready, with whole towers; a step gives the loss and its terms, as ``train_step`` does.

    Raises ``UserError`` for batches without equal captions where there are none.
    """
    torch.manual_seed(config.seed)
    learner, dataset = make_learner(config), open_dataset(config.data)
    train_mode(learner.clip.model)
    pairs = make_training_pairs(dataset, learner.clip)
    (first,) = pairs.steps(
        batch_size=config.batch_size, seed=config.seed, epochs=1, unique_captions=config.unique_captions
    )
    return TrialSteps(learner, dataset, first, _steps(config, learner, dataset, pairs))


def _steps(
    config: TrialConfig, learner: Learner, dataset: PairDataset, pairs: TrainingPairs
) -> Iterator[dict[str, float]]:
    towers = make_towers(learner.clip, dataset, device=torch.device(config.device), precision=config.precision)
    images, texts = towers.images, towers.texts(pairs.tokens)
    chunk, number = pairs_at_once(config, note=lambda _: None), count()
    for epoch in count(1):
        for batch in pairs.batches(
            batch_size=config.batch_size, seed=config.seed, epoch=epoch, unique_captions=config.unique_captions
        ):
            load, size = load_chunks(batch, images, texts, chunk=chunk), len(batch.images)
            gradients = partial(accumulate, load, images, texts, learner.objective, size=size, chunk=chunk)
            yield train_step(learner.optimiser, gradients, step=next(number))
