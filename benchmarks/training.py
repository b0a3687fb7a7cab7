"""Question: what does a DoRA step cost beside its peers, and how much of a study is training?

Command: python -m benchmarks.training            (steps, then a study of 2 trials: about 6 minutes on 2 cores)
         python -m benchmarks.training --no-study (steps only: about 2 minutes)
Expected: DoRA a little slower than LoRA; the frozen forward several times faster; most of a study spent in steps.

Every row makes the same images and captions into one optimiser step (the frozen forward: into embeddings). The peers
are written with PEFT and open_clip alone. Rows take turns, so that a noisy machine disturbs all of them alike; each
figure is the median round.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import open_clip
import pandas as pd
import peft
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812

from gap.data import open_dataset, prepare
from gap.models.adapters import adapt, adapter_targets
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import train_mode
from gap.training.learner import make_optimiser
from gap.training.pairs import make_training_pairs
from gap.training.step import batch_loss, train_step
from study.provenance import describe_hardware

ROOT = Path(__file__).resolve().parents[1]
Step = Callable[[Tensor, Tensor], object]


def our_step(clip: Clip) -> Step:
    """Make this project's step: DoRA, rank 8, cross-entropy, and the checks that a study makes."""
    adapt(clip.model, method="dora", rank=8)
    clip.model.logit_scale.requires_grad_(True)
    optimiser = make_optimiser(clip.model, lr=1e-4, weight_decay=0.0)
    train_mode(clip.model)

    def step(pixels: Tensor, tokens: Tensor) -> object:
        loss, values = batch_loss(clip.model, pixels, tokens, terms={"ce": 1.0}, alpha=1.0, beta=1.0, precision="fp32")
        return train_step(optimiser, loss, values, step=0)

    return step


def peer_step(model: nn.Module) -> Step:
    """Make a plain step with open_clip's own loss on whatever of ``model`` is trainable."""
    model.logit_scale.requires_grad_(True)
    optimiser = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-4)
    criterion = open_clip.ClipLoss()
    train_mode(model)

    def step(pixels: Tensor, tokens: Tensor) -> object:
        images = F.normalize(model.encode_image(pixels), dim=-1)
        texts = F.normalize(model.encode_text(tokens), dim=-1)
        loss = criterion(images, texts, model.logit_scale.exp())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return loss.item()

    return step


def lora_step(clip: Clip) -> Step:
    """Make PEFT's LoRA step on the same layers."""
    layers = peft.LoraConfig(r=8, lora_alpha=8, target_modules=adapter_targets(clip.model))
    peft.get_peft_model(clip.model, layers)
    return peer_step(clip.model)


def full_step(clip: Clip) -> Step:
    """Make a step of full fine-tuning."""
    return peer_step(clip.model)


def frozen_forward(clip: Clip) -> Step:
    """Make the forward pass alone, without a graph."""

    @torch.inference_mode()
    def step(pixels: Tensor, tokens: Tensor) -> object:
        return clip.model.encode_image(pixels), clip.model.encode_text(tokens)

    return step


ROWS: dict[str, Callable[[Clip], Step]] = {
    "DoRA (this project)": our_step,
    "LoRA (PEFT, open_clip's loss)": lora_step,
    "full fine-tuning (open_clip's loss)": full_step,
    "frozen forward": frozen_forward,
}
PEER = "LoRA (PEFT, open_clip's loss)"


def measure_steps(model: str, pretrained: str | None, batch_size: int, rounds: int) -> dict[str, list[float]]:
    """Time every row in turn; returns seconds a step by row."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    clips = {name: load_clip(model, pretrained) for name in ROWS}
    steps = {}
    for name, make in ROWS.items():
        clips[name].model.to(device, memory_format=torch.channels_last)
        steps[name] = make(clips[name])
    clip = next(iter(clips.values()))
    dataset = open_dataset(prepare("pictograms", language="es", image_size=clip.image_size))
    pairs = make_training_pairs(dataset, clip)
    batches = list(pairs.batches(batch_size=batch_size, seed=0, epoch=1, device=device))[: rounds + 1]
    seconds: dict[str, list[float]] = {name: [] for name in ROWS}
    for pixels, tokens in batches:
        for name, step in steps.items():
            began = time.perf_counter()
            step(pixels, tokens)
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
    parser.add_argument("--model", default="mini", metavar="NAME[:WEIGHTS]", help="default: mini")
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
