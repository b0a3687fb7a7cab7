"""How long a study will take, from steps that are really made."""

import time
from dataclasses import dataclass
from functools import partial
from itertools import islice

import torch

from gap.data import open_dataset
from gap.models.adapters import adapt, trained_parameters
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.training.chunks import pairs_at_once
from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb
from gap.training.encoders import pixel_encoder, token_encoder
from gap.training.evaluation import evaluate_split, make_split
from gap.training.gradients import accumulate, load_chunks
from gap.training.learner import make_optimiser
from gap.training.pairs import make_training_pairs
from gap.training.step import make_objective, train_step

WARM_STEPS, MEASURED_STEPS = 1, 3


@dataclass(frozen=True)
class Estimate:
    """What one trial costs; seconds and GB (10⁹ bytes)."""

    trained_parameters: int
    all_parameters: int
    steps_per_epoch: int
    seconds_per_step: float
    seconds_per_evaluation: float
    peak_memory_gb: float

    def seconds(self, *, trials: int, epochs: int) -> float:
        """Give the time of a whole study; what starts and loads around the trials is not in it.

        >>> Estimate(1, 2, 10, 0.5, 2.0, 1.0).seconds(trials=2, epochs=3)
        46.0
        """
        per_epoch = self.steps_per_epoch * self.seconds_per_step + self.seconds_per_evaluation
        return trials * (epochs * per_epoch + self.seconds_per_evaluation)


def estimate(config: TrialConfig) -> Estimate:
    """Make a few steps and one evaluation of a trial."""
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    clip = load_clip(config.model, config.pretrained)
    adapt(clip.model, method=config.method, rank=config.rank, last_n=config.last_n, adapt_blocks=config.adapt_blocks)
    gradient_checkpointing(clip.model, enabled=config.gradient_checkpointing)
    clip.model.to(device, memory_format=torch.channels_last)
    trained = sum(parameter.numel() for parameter in trained_parameters(clip.model))
    optimiser = make_optimiser(clip.model, lr=config.lr, weight_decay=config.weight_decay)
    dataset = open_dataset(config.data)

    train_mode(clip.model)
    pairs = make_training_pairs(dataset, clip)
    images = pixel_encoder(clip, dataset.images, device=device, precision=config.precision)
    texts = token_encoder(clip, pairs.tokens, device=device, precision=config.precision)
    objective = make_objective(clip.model, terms=config.term_weights, alpha=config.alpha, beta=config.beta)
    chunk = pairs_at_once(config, note=lambda _: None)
    batches = pairs.batches(batch_size=config.batch_size, seed=config.seed, epoch=1)
    began, measured = time.perf_counter(), 0
    for number, batch in enumerate(islice(batches, WARM_STEPS + MEASURED_STEPS)):
        if number == WARM_STEPS:
            began, measured = time.perf_counter(), 0
        load = load_chunks(batch, images, texts, chunk=chunk)
        gradients = partial(accumulate, load, images, texts, objective, size=len(batch.images), chunk=chunk)
        train_step(optimiser, gradients, step=number)
        measured += 1
    seconds_per_step = (time.perf_counter() - began) / measured

    began = time.perf_counter()
    split = make_split(dataset, clip, dataset.test)
    evaluate_split(clip, dataset, split, device=device, precision=config.precision, pool_size=config.pool_size)
    return Estimate(
        trained_parameters=trained,
        all_parameters=sum(parameter.numel() for parameter in clip.model.parameters()),
        steps_per_epoch=max(len(dataset.train) // config.batch_size, 1),
        seconds_per_step=seconds_per_step,
        seconds_per_evaluation=time.perf_counter() - began,
        peak_memory_gb=peak_memory_gb(device),
    )
