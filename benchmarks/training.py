"""Question: what does a DoRA step cost beside its peers, and how much of a study is training?

Command: python -m benchmarks.training            (steps, then a study of 2 trials: about 6 minutes on 2 cores)
         python -m benchmarks.training --no-study (steps only: about 2 minutes)
Expected: DoRA a little slower than LoRA; the frozen forward several times faster; most of a study spent in steps.

Every row makes the same images and captions into one optimiser step (the frozen forward: into embeddings). The peers
are written with PEFT and open_clip alone: see benchmarks/steps.py. Rows take turns, so that a noisy machine disturbs
all of them alike; each figure is the median round.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.steps import PEERS, Data, Step, our_step, plain_step, random_clip, random_data
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.training.batches import to_pixels
from gap.training.tokens import padding_id, trim_padding
from study.provenance import describe_hardware

ROOT = Path(__file__).resolve().parents[1]
OURS, FROZEN, PEER = "DoRA (this project)", "frozen forward", "LoRA (PEFT)"


def frozen_forward(clip: Clip, data: Data, device: torch.device, *, batch: int) -> Step:
    """Make the forward pass alone, without a graph."""
    clip.model.to(device, memory_format=torch.channels_last)
    images, tokens = torch.from_numpy(data.images[:batch]), trim_padding(data.tokens[:batch], padding_id(clip.model))

    @torch.inference_mode()
    def step(number: int) -> tuple[Tensor, Tensor]:
        pixels = to_pixels(images, mean=clip.mean, std=clip.std, device=device)
        return clip.model.encode_image(pixels), clip.model.encode_text(tokens.to(device))

    return step


def make_steps(load: Callable[[], Clip], batch: int, device: torch.device) -> dict[str, Step]:
    """Make every row's step in fp32, each on a model of its own."""
    untrained = load()
    data = random_data(untrained, batch)
    whole = {"batch": batch, "checkpointing": False, "precision": "fp32"}
    steps = {OURS: our_step(load(), data, device, chunk=batch, **whole)}
    for name, prepare in PEERS.items():
        clip = load()
        prepare(clip.model)
        steps[name] = plain_step(clip, data, device, **whole)
    return {**steps, FROZEN: frozen_forward(untrained, data, device, batch=batch)}


def measure_steps(model: str, pretrained: str | None, batch: int, rounds: int) -> dict[str, list[float]]:
    """Time every row in turn; returns seconds a step by row. An open_clip model without ``pretrained`` is random."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    load = partial(random_clip, model) if pretrained is None else partial(load_clip, model, pretrained)
    steps = make_steps(load, batch, device)
    seconds: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(rounds + 1):
        for name, step in steps.items():
            began = time.perf_counter()
            step(number)
            if device.type == "cuda":
                torch.cuda.synchronize()
            seconds[name].append(time.perf_counter() - began)
    return {name: times[1:] for name, times in seconds.items()}  # the first round warms up


def study_shares(trials: int) -> dict[str, float]:
    """Run a rehearsal through the command line; returns the seconds of the whole command and of its parts."""
    with tempfile.TemporaryDirectory() as home:
        command = [sys.executable, "study/run.py", "--space", "arasaac_es.yaml", "--profile", "rehearsal"]
        began = time.perf_counter()
        subprocess.run(
            [*command, "--trials", str(trials), "--results-dir", home],
            cwd=ROOT, check=True, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        whole = time.perf_counter() - began
        directory = Path(home) / "arasaac_es-rehearsal"
        last = pd.read_csv(directory / "trials.csv")
        described = json.loads((directory / "study.json").read_text())
    return {
        "whole command": whole,
        "optimiser steps": last["train_seconds"].sum(),
        "model, data and evaluation in trials": last["seconds"].sum() - last["train_seconds"].sum(),
        "before, between and after trials": whole - last["seconds"].sum(),
        "epochs": float(described["spec"]["epochs"]),
    }


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.training", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--model", default="mini", metavar="NAME[:WEIGHTS]", help="default: mini; random without WEIGHTS"
    )
    parser.add_argument("--batch-size", type=int, default=90)
    parser.add_argument("--rounds", type=int, default=8, help="measured steps of each row")
    parser.add_argument("--trials", type=int, default=2, help="trials of the study that is timed")
    parser.add_argument("--no-study", action="store_true", help="time steps only")
    arguments = parser.parse_args()
    console = Console(highlight=False)
    hardware = describe_hardware("cuda" if torch.cuda.is_available() else "cpu")
    console.print(", ".join(f"{name} {value}" for name, value in hardware.items()) + f", torch {torch.__version__}")

    name, _, weights = arguments.model.partition(":")
    seconds = measure_steps(name, weights or None, arguments.batch_size, arguments.rounds)
    peer = statistics.median(seconds[PEER])
    table = Table(title=f"{arguments.model}, batch of {arguments.batch_size}, fp32", box=None)
    for column in ("", "images/s", "time / LoRA's"):
        table.add_column(column, justify="left" if not column else "right")
    for row, times in seconds.items():
        median = statistics.median(times)
        table.add_row(row, f"{arguments.batch_size / median:.1f}", f"{median / peer:.2f}")
    console.print(table)

    if not arguments.no_study:
        shares = study_shares(arguments.trials)
        whole = shares.pop("whole command")
        epochs = shares.pop("epochs")
        table = Table(title=f"arasaac_es.yaml rehearsal, {arguments.trials} trials, {epochs:.0f} epochs", box=None)
        for column in ("", "s", "share"):
            table.add_column(column, justify="left" if not column else "right")
        for row, value in shares.items():
            table.add_row(row, f"{value:.1f}", f"{value / whole:.0%}")
        table.add_row("whole command", f"{whole:.1f}", "100%")
        console.print(table)


if __name__ == "__main__":
    main()
