"""Which precision a machine gains from, decided by steps that are really made."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from gap.data import open_dataset
from gap.models.modes import train_mode
from gap.models.precision import PRECISIONS
from gap.training.chunks import pairs_at_once
from gap.training.config import TrialConfig
from gap.training.gradients import Losses, accumulate, load_chunks
from gap.training.learner import make_learner
from gap.training.pairs import make_training_pairs
from gap.training.step import train_step
from gap.training.towers import make_towers

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
    steps = {name: _make_step(config.model_copy(update={"precision": name})) for name in PRECISIONS}
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(1 + ROUNDS):
        for name, step in steps.items():
            began = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - began)
    return faster({name: statistics.median(times[1:]) for name, times in seconds.items()})


def faster(seconds: dict[str, float]) -> Choice:
    """Choose the precision whose step is the shortest, the first on a tie.

    >>> faster({"fp32": 0.5, "bf16": 0.8})
    Choice(precision='fp32', reason='a step takes 0.50 s in fp32, 0.80 s in bf16')
    """
    best = min(seconds, key=lambda name: seconds[name])
    return Choice(best, "a step takes " + ", ".join(f"{value:.2f} s in {name}" for name, value in seconds.items()))


def _make_step(config: TrialConfig) -> Callable[[], object]:
    torch.manual_seed(config.seed)
    learner, dataset = make_learner(config), open_dataset(config.data)
    train_mode(learner.clip.model)
    towers = make_towers(learner.clip, dataset, device=torch.device(config.device), precision=config.precision)
    pairs = make_training_pairs(dataset, learner.clip)
    texts = towers.texts(pairs.tokens)
    batch = next(pairs.batches(batch_size=config.batch_size, seed=config.seed, epoch=1))
    chunk = pairs_at_once(config, note=lambda _: None)

    def gradients() -> Losses:
        load = load_chunks(batch, towers.images, texts, chunk=chunk)
        size = len(batch.images)
        return accumulate(load, towers.images, texts, learner.objective, size=size, chunk=chunk)

    return partial(train_step, learner.optimiser, gradients, step=0)
