"""Which precision a machine gains from, decided by steps that are really made."""

import statistics
import time
from dataclasses import dataclass

import torch

from gap.models.precision import PRECISIONS
from gap.training.config import TrialConfig
from gap.training.trial_steps import trial_steps

ROUNDS = 3


@dataclass(frozen=True)
class Choice:
    """The precision chosen, and the reason in words."""

    precision: str
    reason: str


def choose_precision(config: TrialConfig) -> Choice:
    """Choose between fp32 and bf16 for a run, whatever precision it names.

    A GPU that computes in bf16 gains from it. A CPU may or may not: a few steps of the run are made in either, in turns
    after one that warms up, and the smaller median wins.
    """
    if config.device == "cuda":
        supported = torch.cuda.is_bf16_supported()
        return Choice("bf16", "the GPU computes in it") if supported else Choice("fp32", "the GPU has no bf16")
    steps = {name: trial_steps(config.model_copy(update={"precision": name})).steps for name in PRECISIONS}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(1 + ROUNDS):
        for name, made in steps.items():
            began = time.perf_counter()
            next(made)
            seconds[name].append(time.perf_counter() - began)
    return faster({name: statistics.median(times[1:]) for name, times in seconds.items()})


def faster(seconds: dict[str, float]) -> Choice:
    """Choose the precision whose step is the shortest, the first on a tie.

    >>> faster({"fp32": 0.5, "bf16": 0.8})
    Choice(precision='fp32', reason='a step takes 0.50 s in fp32, 0.80 s in bf16')
    """
    best = min(seconds, key=lambda name: seconds[name])
    return Choice(best, "a step takes " + ", ".join(f"{value:.2f} s in {name}" for name, value in seconds.items()))
