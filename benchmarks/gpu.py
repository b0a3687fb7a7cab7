"""Question: what does a DoRA step of ViT-L-14 take on a 24 GB card, beside full fine-tuning, PEFT's DoRA and LoRA?

Command: python -m benchmarks.gpu            (one CUDA GPU of 24 GB or more, about 10 minutes)
         python -m benchmarks.gpu --device cpu --model tiny --batches 8 32    (tries the script itself)
Expected, on a data-centre GPU: batch 90 in at most 12 GB; 45 % of the measured bf16 matmul peak or more, counted on
the FLOPs that a step must do; at least 1.5 times the pairs/s of PEFT's DoRA. Batches of 1,024 and 4,096 fit for this
project alone, since it takes them in chunks.

Weights are random: the same work, and nothing to download. Memory is capped hard, so that a larger card tells the truth
about a smaller one. Every row makes optimiser steps on the same images and captions in bf16; peers are written with
PEFT and open_clip alone, without and with gradient checkpointing, and the faster one that fits counts. The FLOPs that a
step must do are one forward and one backward pass of our model, counted by torch; what is computed twice to save memory
is not among them. Needs no Ray.
"""

import argparse
import gc
import json
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.steps import PEERS, RANK, Data, Step, our_step, plain_step, random_clip, random_data
from gap.training.cost import peak_memory_gb, reset_peak_memory
from gap.training.errors import out_of_memory

WAYS = ((90, False), (45, False), (90, True), (256, True))  # pairs in memory, gradient checkpointing


@dataclass(frozen=True)
class Result:
    """One row: GB are 10⁹ bytes, the share is of the measured matmul peak; None where memory ran out."""

    row: str
    batch: int
    how: str
    peak_gb: float | None
    pairs_per_second: float | None
    share_of_peak: float | None


def matmul_peak(device: torch.device, *, size: int, rounds: int) -> float:
    """Measure the device's bf16 matmul throughput in FLOP/s: the best of several products."""
    a, b = (torch.randn(size, size, device=device, dtype=torch.bfloat16) for _ in range(2))
    seconds = [_seconds(lambda: a @ b, device) for _ in range(rounds)]
    return 2 * size**3 / min(seconds)


def flops_of_a_pair(name: str, data: Data, device: torch.device, *, pairs: int) -> float:
    """Count the FLOPs of one forward and one backward pass of our model, for one pair."""
    step = our_step(random_clip(name), data, device, batch=pairs, chunk=pairs, checkpointing=False, precision="bf16")
    step(0)
    with FlopCounterMode(display=False) as counter:
        step(1)
    return counter.get_total_flops() / pairs


def measure(make: Callable[[], Step], device: torch.device, *, rounds: int) -> tuple[float, float] | None:
    """Give seconds a step (the median) and peak GB of steps; None where memory runs out."""
    gc.collect()
    torch.cuda.empty_cache()
    reset_peak_memory(device)
    try:
        step = make()
        step(0)  # warms up: state of the optimiser, choice of kernels
        seconds = [_seconds(partial(step, number), device) for number in range(1, rounds + 1)]
    except Exception as error:
        if not out_of_memory(error):
            raise
        return None
    return statistics.median(seconds), peak_memory_gb(device)


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - began


def measured_rows(name: str, batches: list[int], device: torch.device, *, rounds: int, peak: float) -> Iterator[Result]:
    """Measure every row, the peers with the better of their two ways."""
    clip = random_clip(name)
    data = random_data(clip, max(batches))
    few = min(8, *batches)
    flops = flops_of_a_pair(name, data, device, pairs=few)
    for batch in batches:
        ours = {
            f"chunk {min(chunk, batch)}{', checkpointing' * checkpointing}": partial(
                _ours, name, data, device, batch=batch, chunk=min(chunk, batch), checkpointing=checkpointing
            )
            for chunk, checkpointing in WAYS
        }
        for how, make in ours.items():
            yield _result("DoRA (this project)", batch, how, measure(make, device, rounds=rounds), flops, peak)
        for peer, prepare in PEERS.items():
            found = {
                how: measure(partial(_peer, name, prepare, data, device, batch, checkpointing), device, rounds=rounds)
                for how, checkpointing in (("whole batch", False), ("whole batch, checkpointing", True))
            }
            fitting = {how: value for how, value in found.items() if value is not None}
            best = min(fitting, key=lambda how: fitting[how][0]) if fitting else "whole batch, either way"
            yield _result(peer, batch, best, fitting.get(best), flops, peak)


def _ours(name: str, data: Data, device: torch.device, *, batch: int, chunk: int, checkpointing: bool) -> Step:
    return our_step(
        random_clip(name), data, device, batch=batch, chunk=chunk, checkpointing=checkpointing, precision="bf16"
    )


def _peer(
    name: str, prepare: Callable[[nn.Module], None], data: Data, device: torch.device, batch: int, checkpointing: bool
) -> Step:
    clip = random_clip(name)
    prepare(clip.model)
    return plain_step(clip, data, device, batch=batch, checkpointing=checkpointing, precision="bf16")


def _result(row: str, batch: int, how: str, value: tuple[float, float] | None, flops: float, peak: float) -> Result:
    if value is None:
        return Result(row, batch, how, None, None, None)
    seconds, gigabytes = value
    # Full fine-tuning has to do more than is counted here: its share says how its pairs/s compare, no more.
    return Result(row, batch, how, gigabytes, batch / seconds, batch / seconds * flops / peak)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gpu", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--model", default="ViT-L-14")
    parser.add_argument("--batches", type=int, nargs="+", default=[90, 1024, 4096])
    parser.add_argument("--memory", type=float, default=24.0, metavar="GB", help="cap on a GPU's memory (10^9 bytes)")
    parser.add_argument("--rounds", type=int, default=5, help="measured steps of a row")
    parser.add_argument("--matmul", type=int, default=8192, help="size of the matrices of the peak")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows here")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    console = Console(highlight=False)
    if device.type == "cuda":
        if not torch.cuda.is_available():
            parser.error("no CUDA GPU here: --device cpu --model tiny --batches 8 32 tries the script")
        total = torch.cuda.get_device_properties(device).total_memory
        torch.cuda.set_per_process_memory_fraction(min(arguments.memory * 1e9 / total, 1.0))
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    peak = matmul_peak(device, size=arguments.matmul, rounds=10)
    cap = f", capped at {arguments.memory:g} GB" if device.type == "cuda" else ""
    console.print(f"{name}{cap}, torch {torch.__version__}: bf16 matmul {peak / 1e12:.2f} TFLOP/s")

    table = Table(title=f"{arguments.model}, bf16, rank {RANK}", box=None)
    for column in ("", "batch", "how", "peak GB", "pairs/s", "share of peak"):
        table.add_column(column, justify="left" if column in ("", "how") else "right")
    rows = []
    for row in measured_rows(arguments.model, arguments.batches, device, rounds=arguments.rounds, peak=peak):
        rows.append(row)
        shown = ("does not fit", "", "") if row.pairs_per_second is None else (
            f"{row.peak_gb:.1f}", f"{row.pairs_per_second:.1f}", f"{row.share_of_peak:.0%}"
        )  # fmt: skip
        console.print(f"{row.row}, batch {row.batch}, {row.how}: {' '.join(shown)}")
        table.add_row(row.row, str(row.batch), row.how, *shown)
    console.print(table)
    if arguments.json:
        arguments.json.write_text(json.dumps([asdict(row) for row in rows], indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
