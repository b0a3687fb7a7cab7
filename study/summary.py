"""The last words of a study: why it is over, its front, how to go on."""

from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.table import Table

from study.csv_text import read_csv
from study.resume import resume_command
from study.space import StudySpec
from study.stopping import too_many_failures
from study.words import brief, in_words


def show_front(
    directory: Path, spec: StudySpec, console: Console, *, reason: str | None, time_is_up: bool, signalled: int = 130
) -> int:
    """Print the front under the baseline and where everything is.

    ``reason`` says why the study is over, None if it is not. Returns 0, or ``signalled`` if it was interrupted, or 1 if
    no trial succeeded or too many failed.
    """
    trials = read_csv(directory / "trials.csv") if (directory / "trials.csv").exists() else pd.DataFrame()
    begun = f"{len(trials)} of {spec.trials} trials"
    if time_is_up:
        reason = f"{spec.hours:g} hours are over after {begun}"
    over = reason or f"interrupted after {begun}: the tables hold those that had ended"
    console.print(over, style="yellow" if reason is None else None, highlight=False, soft_wrap=True)
    if reason is None or time_is_up:
        console.print(f"to go on: {resume_command(directory)}", highlight=False, soft_wrap=True)
    failing = len(trials) and too_many_failures(trials["state"].tolist(), spec.max_failed_share)
    code = signalled if reason is None else int(bool(failing))
    front = read_csv(directory / "pareto.csv") if len(trials) else pd.DataFrame()
    if not len(front):
        complete = int((trials["state"] == "COMPLETE").sum()) if len(trials) else 0
        why = "breaks a constraint" if complete else "failed: see error"
        if len(trials):
            console.print(f"No trial is on the front, each {why} in {directory / 'trials.csv'}", style="red")
        return code or int(not complete and bool(len(trials)))
    table = Table(title=f"Pareto front: {len(front)} of {len(trials)} trials", box=None, pad_edge=False)
    for name in ("trial", *spec.objectives, "parameters"):
        table.add_column(name, no_wrap=name != "parameters", overflow="fold")
    baseline = read_csv(directory / "baseline.csv").iloc[0]
    table.add_row("before", *(brief(float(baseline[name])) for name in spec.objectives), "", style="dim")
    for _, row in front.iterrows():
        parameters = {name: None if pd.isna(row[name]) else row[name] for name in spec.search}
        table.add_row(row["trial_id"], *(_value(row, name) for name in spec.objectives), in_words(parameters))
    console.print(table)
    if front.get("n", pd.Series(dtype=int)).any():
        said = "mean ± standard error (number) of re-runs with other seeds; a trial without them: its one run"
        console.print(said, highlight=False, soft_wrap=True)
    console.print(f"results: {directory}", highlight=False, soft_wrap=True)
    console.print(f"choice:  python study/pareto.py {directory}", highlight=False, soft_wrap=True)
    console.print(f"curves:  tensorboard --logdir {directory / 'tensorboard'}", highlight=False, soft_wrap=True)
    return code


def _value(row: pd.Series, name: str) -> str:
    mean, error = row.get(f"{name}_mean"), row.get(f"{name}_se")
    if mean is None or pd.isna(mean):
        return brief(float(row[name]))
    return f"{brief(float(mean))}{'' if pd.isna(error) else f' ± {float(error):.2g}'} ({int(row['n'])})"
