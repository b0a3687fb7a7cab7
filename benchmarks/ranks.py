"""Question: does one learning rate mean the same step at every rank of the adapters, under each ``scaling``?

Command: python -m benchmarks.ranks  (mini on the bundled pictograms: under 5 minutes on 2 cores)
Expected: with ``rank`` the update grows with the rank, and the loss falls further; with ``alpha`` the update shrinks;
with ``rslora`` it stays.

Every row makes the same steps of AdamW on the same batches, DoRA on the last block of each tower, and measures twice:
the size of the update, the root of the sum of ‖s·BA‖² over all adapted layers, and the fall of the loss on a fixed
batch of training pairs. Both are shown beside those at the smallest rank; medians over ``--seeds``. At rank 8 the
scalings are one and the same, so it is run once.
"""

import argparse
import itertools
import statistics
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import nn

from gap.data import PairDataset, open_dataset, prepare
from gap.models.load import load_clip
from gap.models.modes import train_mode
from gap.models.scaling import SCALINGS
from gap.training.config import TrialConfig
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import make_learner
from gap.training.pairs import TrainingPairs, make_training_pairs
from gap.training.step import train_step
from gap.training.towers import make_towers
from study.provenance import describe_hardware

RANKS = (4, 8, 16, 32)
BATCH = 90


@torch.no_grad()
def update_size(model: nn.Module) -> float:
    """Return the root of the sum of ‖s·BA‖² over the adapted layers.

    >>> from gap.models.adapters import adapt
    >>> model = nn.Sequential(nn.Linear(3, 3))
    >>> _ = adapt(model, method="lora", rank=1)
    >>> update_size(model)
    0.0
    """
    squares = [
        (layer.scaling["default"] * (b.weight.flatten(1) @ layer.lora_A["default"].weight.flatten(1))).square().sum()
        for layer in model.modules()
        if "default" in (factors := getattr(layer, "lora_B", {})) and (b := factors["default"])
    ]
    return float(torch.stack(squares).sum().sqrt())


def batches(pairs: TrainingPairs, *, seed: int, count: int) -> list[Batch]:
    """Return the first batches of as many epochs as it takes."""
    epochs = (pairs.batches(batch_size=BATCH, seed=seed, epoch=epoch) for epoch in itertools.count(1))
    return list(itertools.islice(itertools.chain.from_iterable(epochs), count))


def run(dataset: PairDataset, config: TrialConfig, steps: int) -> tuple[float, float]:
    """Make the steps of one row; returns the size of the update and the fall of the loss on a fixed batch."""
    torch.manual_seed(config.seed)
    learner = make_learner(config)
    clip = learner.clip
    pairs = make_training_pairs(dataset, clip)
    towers = make_towers(clip, dataset, device=torch.device("cpu"), precision="fp32", cache_prefix=True)
    images, texts = towers.images, towers.texts(pairs.tokens)
    train_mode(clip.model)
    *used, fixed = batches(pairs, seed=config.seed, count=steps + 1)

    @torch.no_grad()
    def loss() -> float:
        load = load_chunks(fixed, images, texts, chunk=BATCH)
        return learner.objective(images.encode(next(load)), texts.encode(next(load)))[0].item()

    before = loss()
    for number, batch in enumerate(used):
        load = load_chunks(batch, images, texts, chunk=BATCH)
        gradients = partial(accumulate, load, images, texts, learner.objective, size=BATCH, chunk=BATCH)
        train_step(learner.optimiser, gradients, step=number)
    return update_size(clip.model), before - loss()


def measure(
    dataset: PairDataset, *, data: Path, steps: int, seeds: int, **settings: Any
) -> dict[str, list[tuple[float, float]]]:
    """Return, for each scaling, the update and the fall at every rank, both beside those at the smallest rank."""
    found: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for scaling in SCALINGS:
        for rank in RANKS:
            if rank == 8 and found.get(("rslora", 8)):
                found[scaling, 8] = found["rslora", 8]
                continue
            for seed in range(seeds):
                config = TrialConfig(data=data, batch_size=BATCH, scaling=scaling, rank=rank, seed=seed, **settings)
                found.setdefault((scaling, rank), []).append(run(dataset, config, steps))
    return {
        scaling: [
            (_median_ratio(found[scaling, rank], found[scaling, RANKS[0]], 0),
             _median_ratio(found[scaling, rank], found[scaling, RANKS[0]], 1))
            for rank in RANKS
        ]
        for scaling in SCALINGS
    }  # fmt: skip


def _median_ratio(these: Sequence[tuple[float, float]], those: Sequence[tuple[float, float]], which: int) -> float:
    return statistics.median(one[which] / other[which] for one, other in zip(these, those, strict=True))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.ranks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--steps", type=int, default=20, help="optimiser steps of a row")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--lr", type=float, default=1e-3, help="at every rank")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    console.print(", ".join(f"{name} {value}" for name, value in describe_hardware("cpu").items()))
    data = prepare("pictograms", language="en", image_size=load_clip("mini").image_size)
    settings = {"model": "mini", "method": "dora", "adapt_blocks": 1, "lr": arguments.lr}
    found = measure(open_dataset(data), data=data, steps=arguments.steps, seeds=arguments.seeds, **settings)
    title = f"update / fall of the loss, beside rank {RANKS[0]}; lr {arguments.lr:g}, {arguments.steps} steps"
    table = Table("scaling", *(f"rank {rank}" for rank in RANKS), title=title, box=None)
    for scaling, row in found.items():
        table.add_row(scaling, *(f"{update:.2f} / {fall:.2f}" for update, fall in row))
    console.print(table)


if __name__ == "__main__":
    main()
