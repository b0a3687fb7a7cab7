"""Question: what does an epoch cost when the blocks that training leaves as they are have been computed once?

Command: python -m benchmarks.prefix  (mini on the bundled pictograms: under 2 minutes on 2 cores)
Expected: an epoch that trains the last block or two takes a small part of the time; the states are computed in about
the time that one epoch of the whole towers takes.

Every row makes the same optimiser steps and evaluates the same test images with every metric, once with whole towers
and once from the states behind their frozen blocks, in turns, so that a noisy machine disturbs both alike. Figures are
medians. The epoch is that of a small part of the data: one batch of 90 and 30 test images.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from gap.data import PairDataset, open_dataset, prepare
from gap.losses import total_loss
from gap.models.adapters import adapt
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import train_mode
from gap.models.split import find_prefix
from gap.training.batches import epoch_batches
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.evaluation import Split, evaluate_features, make_split
from gap.training.learner import make_optimiser
from gap.training.pairs import TrainingPairs, make_training_pairs
from gap.training.prefix_cache import image_states, text_states
from gap.training.prefix_encoders import prefix_image_encoder, prefix_text_encoder
from study.provenance import describe_hardware

METHODS: dict[str, dict[str, Any]] = {
    "last_layers, 1 block": {"method": "last_layers", "last_n": 1},
    "last_layers, 2 blocks": {"method": "last_layers", "last_n": 2},
    "dora, adapt_blocks 2": {"method": "dora", "rank": 8, "adapt_blocks": 2},
}
BATCHES, TEST_IMAGES, CHUNK = 1, 30, 128


@dataclass(frozen=True)
class Towers:
    """Encoders of images and of the captions that are trained on and tested with."""

    image: Encoder
    train_text: Encoder
    test_text: Encoder


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


def whole_towers(clip: Clip, dataset: PairDataset, pairs: TrainingPairs, test: Split, how: dict[str, Any]) -> Towers:
    """Make encoders that run everything."""
    return Towers(
        pixel_encoder(clip, dataset.images, **how),
        *(token_encoder(clip, tokens, **how) for tokens in (pairs.tokens, test.tokens)),
    )


def split_towers(
    clip: Clip, dataset: PairDataset, pairs: TrainingPairs, test: Split, how: dict[str, Any], cache: Path
) -> Towers:
    """Make encoders that start behind the frozen blocks, whose states are computed here."""
    image, text = (find_prefix(clip, tower, **how) for tower in ("image", "text"))
    if image is None or text is None:
        raise RuntimeError(f"{clip.name} has no frozen prefix")
    images = image_states(image, dataset, cache_dir=cache, progress=False, **how)
    texts = (
        prefix_text_encoder(text, text_states(text, tokens, cache_dir=cache, progress=False, **how), tokens, **how)
        for tokens in (pairs.tokens, test.tokens)
    )
    return Towers(prefix_image_encoder(image, images, **how), *texts)


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


def encode_all(encoder: Encoder, rows: np.ndarray) -> torch.Tensor:
    """Encode many rows in chunks, without a graph."""
    with torch.inference_mode():
        return torch.cat([encoder.encode(encoder.gather(part)) for part in chunks(rows)])


def chunks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Cut rows into chunks."""
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


def epoch(
    clip: Clip,
    towers: Towers,
    optimiser: torch.optim.Optimizer,
    batches: Sequence[np.ndarray],
    first_text: np.ndarray,
    test: Split,
) -> float:
    """Train on the batches and evaluate on the test images; returns seconds."""
    began = time.perf_counter()
    train_mode(clip.model)
    for rows in batches:
        images = towers.image.encode(towers.image.gather(rows))
        texts = towers.train_text.encode(towers.train_text.gather(first_text[rows]))
        loss, _ = total_loss(images, texts, terms={"ce": 1.0}, logit_scale=clip.model.logit_scale.exp())
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
    clip.model.eval()
    images = encode_all(towers.image, test.rows)
    texts = encode_all(towers.test_text, np.arange(len(test.tokens)))[torch.from_numpy(test.text_of).to(images.device)]
    evaluate_features(test, images, texts, pool_size=90)
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
    some = list(epoch_batches(part.train, batch_size=batch_size, seed=0, epoch=1))
    with tempfile.TemporaryDirectory() as cache:
        began = time.perf_counter()
        split = split_towers(clip, part, pairs, test, how, Path(cache))
        states = time.perf_counter() - began
        ways = {"whole": whole_towers(clip, part, pairs, test, how), "split": split}
        seconds: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds + 1):
            for way, towers in ways.items():
                seconds[way].append(epoch(clip, towers, optimiser, some, pairs.first_text, test))
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
