"""Question: does the scale of an adapter keep a training step's size when the rank changes?

Command: python -m benchmarks.scaling  (mini on the bundled pictograms: about 6 minutes on 2 cores)
Expected: from rank 4 to 32 the update keeps its size with rslora, grows with rank and shrinks with alpha.

Every scaling of ``gap.models.adapters.SCALINGS`` makes the same optimiser steps on the same batches, at one learning
rate and from the same seeds. Size of the update is the norm of all s·BA together, √Σ‖s·BA‖² (Frobenius) over the
adapters; fall of the loss is that of the mean over all batches from before training to after it. Both are over those of
the lowest rank with the same scaling and seed: 1 is the same. Scalings that give a rank the same s are one run.
"""

import argparse
import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import peft
import torch
from peft.tuners.lora import LoraLayer
from rich.console import Console
from rich.table import Table

from gap.data import open_dataset, prepare
from gap.models.adapters import SCALINGS
from gap.models.modes import train_mode
from gap.training.config import TrialConfig
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.learner import Learner, base_clip, make_learner
from gap.training.pairs import make_training_pairs
from gap.training.step import train_step
from gap.training.towers import make_towers
from study.provenance import describe_hardware

RANKS = (4, 8, 16, 32)


@dataclass(frozen=True)
class Change:
    """Changes by some steps: ``update`` is the norm of all s·BA, ``fall`` by how much the loss is lower."""

    update: float
    fall: float


def update_norm(wrapped: peft.PeftModel) -> float:
    """Compute √Σ‖s·BA‖² over all adapters of a model, without forming BA: ‖BA‖² = Σ (BᵀB) ∘ (AAᵀ)."""
    total = 0.0
    for layer in (module for module in wrapped.modules() if isinstance(module, LoraLayer)):
        a, b = (factor["default"].weight.detach().flatten(1).double() for factor in (layer.lora_A, layer.lora_B))
        total += layer.scaling["default"] ** 2 * ((b.T @ b) * (a @ a.T)).sum().item()
    return math.sqrt(total)


def measure(config: TrialConfig, *, steps: int) -> Change:
    """Make ``steps`` optimiser steps at the constant learning rate of ``config``, batch after batch."""
    torch.manual_seed(config.seed)
    learner, dataset = make_learner(config), open_dataset(config.data)
    pairs = make_training_pairs(dataset, learner.clip)
    towers = make_towers(
        learner.clip, dataset, device=torch.device("cpu"), precision=config.precision, cache_prefix=config.cache_prefix
    )
    images, texts = towers.images, towers.texts(pairs.tokens)
    batches = list(pairs.batches(batch_size=config.batch_size, seed=config.seed, epoch=1))

    def mean_loss() -> float:
        with torch.no_grad():
            return statistics.fmean(_loss(learner, batch, images, texts) for batch in batches)

    train_mode(learner.clip.model)
    before = mean_loss()
    for number in range(steps):
        batch = batches[number % len(batches)]
        size = len(batch.images)
        load = load_chunks(batch, images, texts, chunk=size)
        gradients = partial(accumulate, load, images, texts, learner.objective, size=size, chunk=size)
        train_step(learner.optimiser, gradients, step=number)
    if learner.wrapped is None:
        raise ValueError(f"expected a method with adapters, got {config.method}")
    return Change(update_norm(learner.wrapped), before - mean_loss())


def _loss(learner: Learner, batch: Batch, images: object, texts: object) -> float:
    chunks = load_chunks(batch, images, texts, chunk=len(batch.images))  # type: ignore[arg-type]
    features = (encoder.encode(next(chunks)) for encoder in (images, texts))  # type: ignore[attr-defined]
    return learner.objective(*features)[0].item()


def compare(
    config: TrialConfig, *, steps: int, seeds: Sequence[int], ranks: Sequence[int] = RANKS
) -> dict[str, list[list[Change]]]:
    """Measure every scaling at every rank with every seed."""
    known: dict[tuple[int, float, int], Change] = {}

    def changed(scaling: str, rank: int, seed: int) -> Change:
        key = (rank, round(scale(scaling, rank), 12), seed)
        if key not in known:
            wanted = config.model_copy(update={"scaling": scaling, "rank": rank, "seed": seed})
            known[key] = measure(wanted, steps=steps)
        return known[key]

    return {scaling: [[changed(scaling, rank, seed) for seed in seeds] for rank in ranks] for scaling in SCALINGS}


def scale(scaling: str, rank: int) -> float:
    """Compute s as PEFT does.

    >>> [scale(name, 8) for name in SCALINGS]
    [1.0, 1.0, 1.0]
    >>> [scale(name, 32) for name in SCALINGS]
    [0.5, 0.25, 1.0]
    """
    settings = SCALINGS[scaling](rank)
    divisor = math.sqrt(rank) if settings.get("use_rslora") else rank
    return float(settings["lora_alpha"] / divisor)


def over_first(changes: Sequence[Sequence[Change]], reading: str) -> list[float]:
    """Return a reading at every rank over that at the first rank, mean over the seeds of the ratios.

    >>> over_first([[Change(1.0, 2.0), Change(2.0, 2.0)], [Change(3.0, 2.0), Change(2.0, 2.0)]], "update")
    [1.0, 2.0]
    """
    first = [getattr(change, reading) for change in changes[0]]
    return [
        statistics.fmean(getattr(change, reading) / own for change, own in zip(rank, first, strict=True))
        for rank in changes
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.scaling", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--method", choices=("dora", "lora"), default="dora")
    parser.add_argument("--adapt-blocks", type=int, default=1, metavar="N", help="default: 1")
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--lr", type=float, default=1e-4)
    parser.add_argument("--batch-size", type=int, default=90)
    parser.add_argument("--seeds", type=int, default=2, help="how many, from 0 on")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    hardware = {**describe_hardware("cpu"), "threads": torch.get_num_threads()}
    console.print(", ".join(f"{name} {value}" for name, value in hardware.items()))
    config = TrialConfig(
        model="mini",
        data=Path("-"),
        method=arguments.method,
        adapt_blocks=arguments.adapt_blocks,
        lr=arguments.lr,
        batch_size=arguments.batch_size,
    )
    data = prepare("pictograms", language="es", image_size=base_clip(config).image_size)
    changes = compare(config.model_copy(update={"data": data}), steps=arguments.steps, seeds=range(arguments.seeds))
    table = Table(title=f"over rank {RANKS[0]}, {arguments.steps} steps at lr {arguments.lr:g}", box=None)
    for column in ("", "reading", *(f"rank {rank}" for rank in RANKS)):
        table.add_column(column, justify="right" if column.startswith("rank") else "left")
    for scaling, ranks in changes.items():
        for name, reading in (("update", "update"), ("fall of the loss", "fall")):
            table.add_row(scaling, name, *(f"{ratio:.2f}" for ratio in over_first(ranks, reading)))
    console.print(table)


if __name__ == "__main__":
    main()
