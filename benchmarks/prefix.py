"""Question: what does an epoch cost when the blocks that training leaves as they are have been computed once?

Command: python -m benchmarks.prefix  (mini on the bundled pictograms: under 2 minutes on 2 cores)
Expected: an epoch that trains the last block or two takes a small part of the time; the states are computed in about
the time that one epoch of the whole towers takes.

Every row makes the same optimiser steps and evaluates the same test images with every metric, once with whole towers
and once from the states behind their frozen blocks, in turns, so that a noisy machine disturbs both alike. Figures are
medians. The epoch is that of a small part of the data: one batch of 90 and 30 test images.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from unittest import mock

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from gap.data import PairDataset, open_dataset, prepare
from gap.models.adapters import adapt
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import train_mode
from gap.training.evaluation import Split, embed_with, evaluate_features, make_split
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import make_optimiser
from gap.training.pairs import TrainingPairs, make_training_pairs
from gap.training.step import make_objective, train_step
from gap.training.towers import Towers, make_towers
from study.provenance import describe_hardware

METHODS: dict[str, dict[str, Any]] = {
    "last_layers, 1 block": {"method": "last_layers", "last_n": 1},
    "last_layers, 2 blocks": {"method": "last_layers", "last_n": 2},
    "dora, adapt_blocks 2": {"method": "dora", "rank": 8, "adapt_blocks": 2},
}
BATCHES, TEST_IMAGES = 1, 30


@dataclass(frozen=True)
class Cost:
    """Seconds: short epochs with whole towers, the same from the states, and computing all states before."""

    whole: list[float]
    split: list[float]
    states: float

    @property
    def ratio(self) -> float:
        """How many epochs from the states take the time of one with whole towers, by the medians."""
        return statistics.median(self.whole) / statistics.median(self.split)


def part_of(dataset: PairDataset, *, train: int, test: int) -> PairDataset:
    """Keep the first images of either split, under new row numbers."""
    rows = np.concatenate([dataset.train[:train], dataset.test[:test]])
    return replace(
        dataset,
        images=dataset.images[rows],
        ids=[dataset.ids[row] for row in rows],
        captions=[dataset.captions[row] for row in rows],
        train=np.arange(len(dataset.train[:train])),
        test=np.arange(len(dataset.train[:train]), len(rows)),
    )


def epoch(
    clip: Clip,
    towers: Towers,
    optimiser: torch.optim.Optimizer,
    batches: Sequence[Batch],
    pairs: TrainingPairs,
    test: Split,
) -> float:
    """Train on the batches and evaluate on the test images; returns seconds."""
    texts, test_texts = towers.texts(pairs.tokens), towers.texts(test.tokens)
    objective = make_objective(clip.model, terms={"ce": 1.0}, alpha=1.0, beta=1.0)
    began = time.perf_counter()
    train_mode(clip.model)
    for number, batch in enumerate(batches):
        size = len(batch.images)
        load = load_chunks(batch, towers.images, texts, chunk=size)
        gradients = partial(accumulate, load, towers.images, texts, objective, size=size, chunk=size)
        train_step(optimiser, gradients, step=number)
    evaluate_features(test, *embed_with(clip, towers.images, test_texts, test), pool_size=90)
    return time.perf_counter() - began


def prefix_ratio(
    dataset: PairDataset,
    *,
    model: str = "mini",
    pretrained: str | None = None,
    rounds: int = 5,
    batch_size: int = 90,
    batches: int = BATCHES,
    test_images: int = TEST_IMAGES,
    device: str = "cpu",
    **method: Any,
) -> Cost:
    """Time an epoch on part of a dataset with one adaptation method (``adapt``'s arguments) both ways, in turns."""
    how = {"device": torch.device(device), "precision": "fp32"}
    clip = load_clip(model, pretrained)
    adapt(clip.model, **method)
    clip.model.logit_scale.requires_grad_(True)
    clip.model.to(how["device"], memory_format=torch.channels_last)
    optimiser = make_optimiser(clip.model, lr=1e-5, weight_decay=0.0)
    part = part_of(dataset, train=batches * batch_size, test=test_images)
    pairs, test = make_training_pairs(part, clip), make_split(part, clip, part.test)
    some = list(pairs.batches(batch_size=batch_size, seed=0, epoch=1))
    with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, {"MODALITY_GAP_CACHE": cache}):
        began = time.perf_counter()
        behind = make_towers(clip, part, cache_prefix=True, **how)
        for tokens in (pairs.tokens, test.tokens):
            behind.texts(tokens)
        states = time.perf_counter() - began
        ways = {"whole": make_towers(clip, part, **how), "split": behind}
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds + 1):
            for way, towers in ways.items():
                seconds[way].append(epoch(clip, towers, optimiser, some, pairs, test))
    return Cost(seconds["whole"][1:], seconds["split"][1:], states)  # the first round warms up


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prefix", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default="mini", metavar="NAME[:WEIGHTS]", help="default: mini")
    parser.add_argument("--rounds", type=int, default=5, help="measured epochs of either kind")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    hardware = {**describe_hardware(device), "threads": torch.get_num_threads()}
    console.print(", ".join(f"{name} {value}" for name, value in hardware.items()))
    name, _, weights = arguments.model.partition(":")
    size = load_clip(name, weights or None).image_size
    dataset = open_dataset(prepare("pictograms", language="en", image_size=size))
    title = f"{arguments.model}: {90 * BATCHES} training and {TEST_IMAGES} test images, fp32"
    table = Table(title=title, box=None)
    for column in ("", "whole towers, s", "from states, s", "ratio", "all states once, s"):
        table.add_column(column, justify="left" if not column else "right", no_wrap=not column)
    for row, method in METHODS.items():
        cost = prefix_ratio(
            dataset, model=name, pretrained=weights or None, rounds=arguments.rounds, device=device, **method
        )
        whole, split = statistics.median(cost.whole), statistics.median(cost.split)
        table.add_row(row, f"{whole:.2f}", f"{split:.3f}", f"{cost.ratio:.1f}", f"{cost.states:.1f}")
    console.print(table)


if __name__ == "__main__":
    main()
