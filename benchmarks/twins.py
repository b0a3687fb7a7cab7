"""Question: what do batches without equal captions change where captions repeat?

Command: python -m benchmarks.twins --data-dir ARASAAC --batch-size 4096      (some minutes on 2 cores)
Expected: a difference that grows with the share of equal captions, if there is one; docs/training.md has figures.

Each seed trains twice, with batches at random and with unique_captions, on the surrogate of benchmarks/surrogate.py: a
low-rank map on frozen embeddings of `mini`. Both have the same seed, so differences are paired.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from benchmarks.surrogate import Frozen, Values, embed_pairs, train, untrained
from gap.training.settings import TrainingSettings
from study.paired import paired
from study.provenance import describe_hardware

MEASURES = ("R@1 in pools of 90 (%)", "modality gap")


def compare(frozen: Frozen, settings: TrainingSettings, *, seeds: int) -> list[str]:
    """Train both ways with every seed; gives a line a measure."""
    ends: dict[bool, dict[int, Values]] = {
        unique: {
            seed: list(train(frozen, settings.model_copy(update={"unique_captions": unique}), seed=seed))[-1]
            for seed in range(seeds)
        }
        for unique in (False, True)
    }
    lines = []
    for number, name in enumerate(MEASURES):
        plain, unique = ({seed: values[number] for seed, values in ends[way].items()} for way in (False, True))
        found = paired(unique, plain)
        means = [sum(way.values()) / seeds for way in (plain, unique)]
        lines.append(
            f"{name}: {means[0]:.3f} at random, {means[1]:.3f} with unique_captions; difference {found.mean:+.3f} "
            f"[{found.low:+.3f}, {found.high:+.3f}], {found.how}"
        )
    return lines


def main(command: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.twins", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", default="arasaac")
    parser.add_argument("--language", default="es")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--batch-size", type=int, default=4096)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--rank", type=int, default=16)
    parser.add_argument("--lr", type=float, default=1e-2)
    given = parser.parse_args(command)
    console = Console(highlight=False, width=160)
    frozen = embed_pairs(given.dataset, given.language, given.data_dir)
    settings = TrainingSettings(
        model="mini", rank=given.rank, batch_size=given.batch_size, epochs=given.epochs, lr=given.lr
    )
    before = untrained(frozen)
    console.print(f"{describe_hardware('cpu')}")
    console.print(f"{given.dataset} ({given.language}), {given.epochs} epochs in batches of {given.batch_size:,}")
    console.print(f"before training: {MEASURES[0]} {before[0]:.3f}, {MEASURES[1]} {before[1]:.3f}")
    for line in compare(frozen, settings, seeds=given.seeds):
        console.print(line)


if __name__ == "__main__":
    main()
