"""How long a trial takes: from steps that are really made, or from the work in them."""

import time
from dataclasses import dataclass
from itertools import islice

import torch

from gap.data import open_dataset
from gap.models.adapters import adapt
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.evaluation import evaluate_split, make_split
from gap.training.fit import make_optimiser
from gap.training.pairs import make_training_pairs
from gap.training.plan.trial import embedding_flops
from gap.training.step import batch_loss, train_step
from study.data_size import DataSize
from study.device import Device

WARM_STEPS, MEASURED_STEPS = 1, 3


@dataclass(frozen=True)
class Estimate:
    """What one trial costs in seconds and, where it was measured, in GB (10⁹ bytes)."""

    steps_per_epoch: int
    seconds_per_step: float
    seconds_per_evaluation: float
    peak_memory_gb: float | None = None

    def seconds(self, *, trials: int, epochs: int) -> float:
        """Give the time of a whole study; what starts and loads around the trials is not in it.

        >>> Estimate(10, 0.5, 2.0).seconds(trials=2, epochs=3)
        46.0
        """
        per_epoch = self.steps_per_epoch * self.seconds_per_step + self.seconds_per_evaluation
        return trials * (epochs * per_epoch + self.seconds_per_evaluation)


def predicted(config: TrialConfig, data: DataSize, device: Device, *, flops: int) -> Estimate:
    """Divide the work by the device's throughput; ``flops`` are those of a step.

    Of an evaluation, embedding the test images and captions counts: metrics are little beside it.
    """
    image, text = embedding_flops(config)
    return Estimate(
        steps_per_epoch=max(data.train // config.batch_size, 1),
        seconds_per_step=device.seconds(flops),
        seconds_per_evaluation=device.seconds(image * data.test + text * data.test_captions),
    )


def measured(config: TrialConfig) -> Estimate:
    """Make a few steps and one evaluation of a trial."""
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    reset_peak_memory(device)
    clip = load_clip(config.model, config.pretrained)
    adapt(clip.model, method=config.method, rank=config.rank, last_n=config.last_n)
    gradient_checkpointing(clip.model, enabled=config.gradient_checkpointing)
    clip.model.to(device, memory_format=torch.channels_last)
    clip.model.logit_scale.requires_grad_(config.temperature == "learned")
    optimiser = make_optimiser(clip.model, lr=config.lr, weight_decay=config.weight_decay)
    dataset = open_dataset(config.data)

    train_mode(clip.model)
    pairs = make_training_pairs(dataset, clip)
    batches = pairs.batches(batch_size=config.batch_size, seed=config.seed, epoch=1, device=device)
    began, made = time.perf_counter(), 0
    for number, (pixels, tokens) in enumerate(islice(batches, WARM_STEPS + MEASURED_STEPS)):
        if number == WARM_STEPS:
            began, made = time.perf_counter(), 0
        loss, values = batch_loss(
            clip.model,
            pixels,
            tokens,
            terms=config.term_weights,
            alpha=config.alpha,
            beta=config.beta,
            precision=config.precision,
        )
        train_step(optimiser, loss, values, step=number)
        made += 1
    seconds_per_step = (time.perf_counter() - began) / made

    began = time.perf_counter()
    split = make_split(dataset, clip, dataset.test)
    evaluate_split(clip, dataset, split, device=device, precision=config.precision, pool_size=config.pool_size)
    return Estimate(
        steps_per_epoch=max(len(dataset.train) // config.batch_size, 1),
        seconds_per_step=seconds_per_step,
        seconds_per_evaluation=time.perf_counter() - began,
        peak_memory_gb=peak_memory_gb(device),
    )
