"""Every trial, failed ones with their reasons."""

import pandas as pd

from study.figures.palette import label
from study.pareto_tables import STATES
from study.reporting.collect import Collected
from study.reporting.section import Section, sheet_of

SHOWN = ("modality_gap", "misalignment", "uniformity", "recall_at_1", "recall_at_5", "recall_at_10")


def trials(study: Collected) -> Section:
    """List all trials, complete ones first, best first objective on top; headings sort when they are pressed."""
    title = "All trials"
    table = study.finished.trials
    if not len(table):
        return Section(title, ["No trial has ended yet."])
    first, direction = next(iter(study.finished.objectives.items()))
    by_value = table.sort_values(first, ascending=direction == "min", kind="stable")
    order = by_value["state"].map({state: place for place, state in enumerate(STATES)}).sort_values(kind="stable").index
    shown = trials_in_words(study).loc[order]
    prose = f"Complete trials first, the best {label(first)} on top; a column's heading sorts by it."
    return Section(title, [prose], [sheet_of(shown, f"All {len(table)} trials", sortable=True)])


def trials_in_words(study: Collected) -> pd.DataFrame:
    """Give the table of trials with columns in words: the objectives and what the thesis prints, parameters, costs."""
    table, front = study.finished.trials, set(study.front["trial_id"])
    place = {trial: "knee" if trial == study.knee else "on it" if trial in front else "" for trial in table["trial_id"]}
    columns = {
        "trial": table["trial_id"],
        "state": table["state"].map(STATES).fillna(table["state"]),
        "front": table["trial_id"].map(place).replace("", None),
    }
    metrics = [*study.finished.objectives, *(name for name in SHOWN if name not in study.finished.objectives)]
    for name in [*metrics, *parameter_names(study), "epoch", "seconds", "note", "error"]:
        if name in table and table[name].notna().any():
            columns[label(name)] = table[name]
    shown: pd.DataFrame = pd.DataFrame(columns)
    return shown


def parameter_names(study: Collected) -> list[str]:
    """Name what differs between trials: the searched parameters, and the loss terms in any case."""
    searched = study.finished.searched
    return searched if "terms" in searched else ["terms", *searched]
