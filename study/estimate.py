"""How long a trial takes: from steps that are really made, or from the work in them."""

import time
from dataclasses import dataclass

import torch

from gap.training.config import TrialConfig
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.distinct import steps_of
from gap.training.evaluation import evaluate_split, make_split
from gap.training.plan.trial import embedding_flops
from gap.training.trial_steps import trial_steps
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


def predicted(config: TrialConfig, data: DataSize, device: Device, *, flops: int, chunk: int) -> Estimate:
    """Divide the work by the device's throughput; ``flops`` are those of a step on the whole batch at once.

    In chunks, the batch is embedded once more, without a graph. Of an evaluation, embedding the test images and
    captions counts: metrics are little beside it.
    """
    image, text = embedding_flops(config)
    twice = config.batch_size * (image + text) if chunk < config.batch_size else 0
    return Estimate(
        steps_per_epoch=steps_of(data.train, config.batch_size),
        seconds_per_step=device.seconds(flops + twice),
        seconds_per_evaluation=device.seconds(image * data.test + text * data.test_captions),
    )


def measured(config: TrialConfig) -> Estimate:
    """Make a few steps and one evaluation of a trial, with whole towers."""
    device = torch.device(config.device)
    reset_peak_memory(device)
    trial = trial_steps(config)
    clip, dataset = trial.learner.clip, trial.dataset
    for _ in range(WARM_STEPS):
        next(trial.steps)
    began = time.perf_counter()
    for _ in range(MEASURED_STEPS):
        next(trial.steps)
    seconds_per_step = (time.perf_counter() - began) / MEASURED_STEPS

    began = time.perf_counter()
    split = make_split(dataset, clip, dataset.test)
    evaluate_split(clip, dataset, split, device=device, precision=config.precision, pool_size=config.pool_size)
    return Estimate(
        steps_per_epoch=trial.steps_per_epoch,
        seconds_per_step=seconds_per_step,
        seconds_per_evaluation=time.perf_counter() - began,
        peak_memory_gb=peak_memory_gb(device),
    )
