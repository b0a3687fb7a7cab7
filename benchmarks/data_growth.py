"""What one epoch costs as the training data grow: time and memory at 1,000, 10,000 and 100,000 pairs.

The images are random, 32 x 32, written to a prepared dataset as ``gap.data.prepare`` lays it out; every caption is its
own. The model is ``tiny``, the test split has 1,000 images whatever the size. Each size runs in a process of its own,
which trains on two batches before the clock starts: the first step of a process costs what no later one does.
"""

import json
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.isolated import run_module
from benchmarks.memory import peak
from gap.data import open_dataset
from gap.data.dataset import CAPTIONS, FORMAT, IMAGES, SPLITS, hash_split

Report = Mapping[str, int | float]
SIZES = (1_000, 10_000, 100_000)
TEST, IMAGE_SIZE, BATCH = 1_000, 32, 250
WORDS = ("red", "green", "house", "garden", "bee", "apple", "two", "eats", "under", "before")


@dataclass(frozen=True)
class Cost:
    """What a run of one epoch took: seconds of its optimiser steps and of everything else, GB over the start."""

    pairs: int
    steps: int
    train_seconds: float
    other_seconds: float
    resident_gb: float
    own_gb: float | None


def write_dataset(directory: Path, pairs: int) -> Path:
    """Write a prepared dataset of so many training pairs and ``TEST`` more, the images chunk by chunk."""
    directory.mkdir(parents=True)
    n, random = pairs + TEST, np.random.default_rng(0)
    images = np.lib.format.open_memmap(
        directory / IMAGES, mode="w+", dtype=np.uint8, shape=(n, IMAGE_SIZE, IMAGE_SIZE, 3)
    )
    for start in range(0, n, 10_000):
        part = images[start : start + 10_000]
        part[:] = random.integers(0, 256, part.shape, dtype=np.uint8)
    images.flush()
    words = random.choice(WORDS, (n, 5))
    captions = [[f"{' '.join(row)} {number}"] for number, row in enumerate(words)]
    ids, test, train = [str(row) for row in range(n)], list(range(TEST)), list(range(TEST, n))
    described = {
        "format": FORMAT, "name": "random", "language": "en", "image_size": IMAGE_SIZE, "licence": "none",
        "data_hash": "random", "ids": ids, "captions": captions, "groups": ids, "skipped": [],
    }  # fmt: skip
    split = {
        "format": FORMAT, "method": "first rows", "seed": 0, "test_fraction": TEST / n, "train": train, "test": test,
        "split_hash": hash_split(ids, train, test),
    }  # fmt: skip
    (directory / CAPTIONS).write_text(json.dumps(described), encoding="utf-8")
    (directory / SPLITS).write_text(json.dumps(split), encoding="utf-8")
    return directory


def run_epoch(data: Path, warm: Path) -> Cost:
    """Fine-tune for one epoch in this process, on ``warm`` before: the memory counts both, the seconds do not."""
    from gap.training.config import TrialConfig
    from gap.training.fit import fit

    def last(path: Path) -> Report:
        return list(fit(TrialConfig(model="tiny", data=path, epochs=1, batch_size=BATCH, lr=1e-3)))[-1]

    with peak() as memory:
        last(warm)
        began = time.perf_counter()
        report = last(data)
        whole = time.perf_counter() - began
    seconds = report["train_seconds"]
    pairs = len(open_dataset(data).train)
    return Cost(pairs, pairs // BATCH, seconds, whole - seconds, memory.resident_gb, memory.own_gb)


def measure(sizes: Sequence[int] = SIZES) -> list[Cost]:
    """Run an epoch of every size, each in a process of its own."""
    found = []
    with tempfile.TemporaryDirectory() as home:
        warm = write_dataset(Path(home) / "warm", 2 * BATCH)
        for pairs in sizes:
            data = write_dataset(Path(home) / str(pairs), pairs)
            found.append(Cost(**json.loads(run_module("benchmarks.data_growth", str(data), str(warm)))))
    return found


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Give the slope of log value over log size by least squares: 1 is linear, 0 flat.

    >>> round(exponent([1_000, 10_000, 100_000], [2.0, 20.0, 200.0]), 6)
    1.0
    """
    return float(np.polyfit(np.log(sizes), np.log(values), 1)[0])


if __name__ == "__main__":
    print(json.dumps(asdict(run_epoch(Path(sys.argv[1]), Path(sys.argv[2])))))
