"""The cost of a study on a terminal of 80 columns, with or without colours."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from rich.table import Table

from gap.training.plan.trial import TrialPlan
from study.cost import Cost
from study.device import Device
from study.estimate import Estimate

WAYS = (False, True)  # without gradient checkpointing, and with it
T = TypeVar("T")


def cost_table(cost: Cost, *, trials: int, epochs: int, device: Device) -> Table:
    """Lay out what a step holds and how long it takes, without gradient checkpointing and with it."""
    pairs = cost.config.batch_size
    planned: dict[str, Callable[[TrialPlan], str]] = {
        "weights": lambda plan: gigabytes(plan.step.weights),
        "gradients": lambda plan: gigabytes(plan.step.gradients),
        "optimiser's state": lambda plan: gigabytes(plan.step.optimiser),
        f"activations of {pairs} pairs": lambda plan: gigabytes(plan.step.activations),
        f"peak with {pairs} pairs": lambda plan: gigabytes(plan.step.peak),
        f"largest chunk in {device.memory:g} GB": lambda plan: _pairs(plan.memory.largest_chunk(device.budget)),
        "work of a step": lambda plan: f"{rounded(plan.step.flops / 1e12)} TFLOP",
    }
    timed: dict[str, Callable[[Estimate], str]] = {
        "a step": lambda time: f"{rounded(time.seconds_per_step)} s",
        f"a trial of {epochs} epochs": lambda time: hours(time.seconds(trials=1, epochs=epochs)),
        f"the study of {trials} trials": lambda time: hours(time.seconds(trials=trials, epochs=epochs)),
    }
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column("")
    for way in WAYS:
        chosen = " (as set)" if way == cost.config.gradient_checkpointing else ""
        table.add_column(f"checkpointing {'on' if way else 'off'}{chosen}", justify="right")
    for name, read in planned.items():
        table.add_row(name, *_both(cost.plans, read))
    if cost.config.chunk_size is not None:
        chunks = {way: cost.chunk(device, checkpointing=way) for way in cost.plans}
        table.add_row("pairs at once, as set", *_both(chunks, "{:,} pairs".format))
        peaks = {way: cost.plans[way].memory.peak(chunk) for way, chunk in chunks.items()}
        table.add_row("peak with these", *_both(peaks, gigabytes))
    for name, tell in timed.items():
        table.add_row(name, *_both(cost.times, tell))
    return table


def gigabytes(size: float) -> str:
    """Write bytes in GB.

    >>> gigabytes(1_731_170_472), gigabytes(2_400_000)
    ('1.73 GB', '0.0024 GB')
    """
    return f"{size / 1e9:.2f} GB" if size >= 5e6 else f"{size / 1e9:.2g} GB"


def rounded(value: float) -> str:
    """Write a number as short as it tells something, without a power of ten.

    >>> rounded(1498.4), rounded(78.2), rounded(0.0123)
    ('1,498', '78', '0.012')
    """
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"


def hours(seconds: float) -> str:
    """Write a time in hours, a short one in minutes.

    >>> hours(36_000), hours(90)
    ('10.0 h', '2 min')
    """
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds / 60:.0f} min"


def _both(of: Mapping[bool, T], write: Callable[[T], str]) -> list[str]:
    return [write(of[way]) if way in of else "-" for way in WAYS]


def _pairs(chunk: int) -> str:
    return f"{chunk:,} pairs" if chunk else "none fits"
