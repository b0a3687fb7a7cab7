"""The last words of a study: its front."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from study.display import brief
from study.space import StudySpec


def show_front(directory: Path, spec: StudySpec, console: Console) -> int:
    """Print the front under the baseline and where everything is; returns 1 if no trial succeeded, else 0."""
    trials = pd.read_csv(directory / "trials.csv") if (directory / "trials.csv").exists() else pd.DataFrame()
    failed = int((trials["state"] != "COMPLETE").sum()) if len(trials) else 0
    if failed == len(trials):
        console.print(f"No trial succeeded ({failed} failed): see error in {directory / 'trials.csv'}", style="red")
        return 1
    front = pd.read_csv(directory / "pareto.csv")
    columns = [*spec.search, *spec.objectives]
    table = Table(title=f"Pareto front: {len(front)} of {len(trials)} trials", box=None, pad_edge=False)
    for name in ("trial", *columns):
        table.add_column(name, no_wrap=True)
    baseline = pd.read_csv(directory / "baseline.csv").iloc[0]
    table.add_row(
        "before", *("" for _ in spec.search), *(brief(float(baseline[name])) for name in spec.objectives), style="dim"
    )
    for _, row in front.iterrows():
        table.add_row(row["trial_id"], *("" if pd.isna(row[name]) else brief(row[name]) for name in columns))
    console.print(table)
    console.print(f"results: {directory}", highlight=False, soft_wrap=True)
    console.print(f"curves:  tensorboard --logdir {directory / 'tensorboard'}", highlight=False, soft_wrap=True)
    return 0
