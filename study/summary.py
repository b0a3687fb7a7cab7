"""The last words of a study: its front."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from study.display import brief, in_words
from study.space import StudySpec


def show_front(directory: Path, spec: StudySpec, console: Console) -> int:
    """Print the front under the baseline and where everything is.

    Returns 0, or 130 if trials are missing because the study was interrupted, or 1 if no trial succeeded.
    """
    trials = pd.read_csv(directory / "trials.csv") if (directory / "trials.csv").exists() else pd.DataFrame()
    interrupted = len(trials) < spec.trials
    if interrupted:
        console.print(
            f"interrupted after {len(trials)} of {spec.trials} trials: the tables hold those that had ended",
            style="yellow", highlight=False, soft_wrap=True,
        )  # fmt: skip
    failed = int((trials["state"] != "COMPLETE").sum()) if len(trials) else 0
    if failed == len(trials):
        console.print(f"No trial succeeded ({failed} failed): see error in {directory / 'trials.csv'}", style="red")
        return 130 if interrupted else 1
    front = pd.read_csv(directory / "pareto.csv")
    table = Table(title=f"Pareto front: {len(front)} of {len(trials)} trials", box=None, pad_edge=False)
    for name in ("trial", *spec.objectives, "parameters"):
        table.add_column(name, no_wrap=name != "parameters", overflow="fold")
    baseline = pd.read_csv(directory / "baseline.csv").iloc[0]
    table.add_row("before", *(brief(float(baseline[name])) for name in spec.objectives), "", style="dim")
    for _, row in front.iterrows():
        parameters = {name: None if pd.isna(row[name]) else row[name] for name in spec.search}
        table.add_row(row["trial_id"], *(brief(row[name]) for name in spec.objectives), in_words(parameters))
    console.print(table)
    console.print(f"results: {directory}", highlight=False, soft_wrap=True)
    console.print(f"curves:  tensorboard --logdir {directory / 'tensorboard'}", highlight=False, soft_wrap=True)
    return 130 if interrupted else 0
