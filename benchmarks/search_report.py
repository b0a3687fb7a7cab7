"""Hypervolume against epochs: from ended trials to the table and the picture of benchmarks.search."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from optuna.trial import TrialState
from rich.table import Table

from benchmarks.searches import OBJECTIVES, OURS, Ended
from benchmarks.surrogate import Values
from study.hypervolume import hypervolume

COLOURS = ("#8c8c8c", "#d55e00", "#009e73", "#0072b2", "#cc79a7", "#e69f00")  # after Okabe and Ito


def improvement(complete: Sequence[Values], reference: Values) -> float:
    """Measure what complete trials dominate above the reference, as a study does; the unit is per cent × gap.

    >>> round(improvement([(10.0, 0.5), (9.0, 0.9)], (8.0, 0.7)), 6)
    0.4
    """
    return hypervolume(np.array(complete, dtype=float).reshape(-1, 2), list(OBJECTIVES.values()), reference)


def rows(method: str, seed: int, ended: Sequence[Ended], reference: Values) -> list[dict[str, object]]:
    """Give one row a trial, with the hypervolume of all complete trials up to it."""
    complete: list[Values] = []
    made: list[dict[str, object]] = []
    for number, trial in enumerate(ended):
        if trial.values is not None:
            complete.append(trial.values)
        recall, gap = trial.values or (None, None)
        made.append({
            "method": method, "seed": seed, "trial": number, "epochs_spent": trial.spent, "state": trial.state.name,
            "recall_at_1": recall, "modality_gap": gap, "hypervolume": improvement(complete, reference),
            **trial.parameters,
        })  # fmt: skip
    return made


def by_epoch(trials: pd.DataFrame, budget: int) -> np.ndarray:
    """Give the hypervolume [seeds, budget + 1] after every number of epochs spent, of one method's trials."""
    made = []
    for _, one in trials.groupby("seed"):
        known = np.concatenate([[0.0], one["hypervolume"].to_numpy()])
        made.append(known[np.searchsorted(one["epochs_spent"], np.arange(budget + 1), side="right")])
    return np.array(made)


def reached(volumes: np.ndarray, goal: float) -> int | None:
    """Give the first number of epochs after which the median is at least ``goal``.

    >>> reached(np.array([[0.0, 1.0, 2.0]]), 1.5), reached(np.array([[0.0, 1.0]]), 1.5)
    (2, None)
    """
    there = np.flatnonzero(np.median(volumes, axis=0) >= goal)
    return int(there[0]) if len(there) else None


def make_table(
    trials: pd.DataFrame, *, budget: int, peer: str, reference: Values, limits: Mapping[str, tuple[str, int]]
) -> Table:
    """Tabulate the methods; a row of ``limits`` is a method's search up to so many trials."""
    table = Table(title="hypervolume: median [quartiles]", box=None)
    table.add_column("")
    shares = (0.25, 0.5, 0.75, 1.0)
    for share in shares:
        table.add_column(f"{share:.0%}", justify="right")
    for column in ("trials", "complete", "beat the reference", f"epochs to the end of {peer}"):
        table.add_column(column, justify="right")
    ends = by_epoch(trials[trials["method"] == peer], budget)[:, -1] if peer in set(trials["method"]) else None
    whole = {name: trials[trials["method"] == name] for name in trials["method"].unique()}
    limited = {
        name: whole[method][whole[method]["trial"] < limit]
        for name, (method, limit) in limits.items()
        if method in whole
    }
    for name, one in {**whole, **limited}.items():
        volumes = by_epoch(one, budget)
        cells = []
        for share in shares:
            low, middle, high = np.quantile(volumes[:, round(share * budget)], [0.25, 0.5, 0.75])
            cells.append(f"{middle:.3f} [{low:.3f}, {high:.3f}]")
        complete = one[one["state"] == TrialState.COMPLETE.name]
        beat = (complete["recall_at_1"] > reference[0]) & (complete["modality_gap"] < reference[1])
        seeds = one["seed"].nunique()
        epochs = None if ends is None else reached(volumes, float(np.median(ends)))
        cells += [
            f"{len(one) / seeds:.1f}",
            f"{len(complete) / seeds:.1f}",
            f"{beat.mean():.0%}",
            "never" if epochs is None else f"{epochs} ({epochs / budget:.0%})",
        ]
        if name in limited:
            cells[4] += f" in {one.groupby('seed')['epochs_spent'].max().median():.0f} epochs"
        table.add_row(name, *cells)
    return table


def draw(trials: pd.DataFrame, *, budget: int, title: str, picture: Path) -> None:
    """Draw every method's median with its band between the quartiles."""
    figure = Figure(figsize=(7, 4.5), dpi=150, layout="constrained")
    axes = figure.subplots()
    epochs = np.arange(budget + 1)
    for colour, name in zip(COLOURS, trials["method"].unique(), strict=False):
        low, middle, high = np.quantile(by_epoch(trials[trials["method"] == name], budget), [0.25, 0.5, 0.75], axis=0)
        # Without early stopping ours may be Ray's search trial by trial: both lines are to be seen.
        axes.plot(epochs, middle, color=colour, label=name, linewidth=1.5, linestyle="--" if name == OURS else "-")
        axes.fill_between(epochs, low, high, color=colour, alpha=0.15, linewidth=0)
    axes.set_xlabel("epochs spent on all trials")
    axes.set_ylabel("hypervolume (R@1 in % × modality gap)")
    axes.set_title(title, fontsize=10)
    axes.set_xlim(0, budget)
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.25)
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    figure.savefig(picture)
