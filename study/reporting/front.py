"""The Pareto front, drawn and listed."""

import math

import pandas as pd

from study.figures.front import BEFORE, draw_front
from study.figures.palette import label
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, View, sheet_of
from study.reporting.trials import parameter_names


def front(study: Collected) -> Section:
    """Draw every trial in the plane of the first two objectives, and list the front under the model before training."""
    if not len(study.finished.trials):
        return Section("Pareto front", ["No trial has ended yet."])
    objectives = " and ".join(label(name) for name in list(study.finished.objectives)[:2])
    chart = Chart(
        "front",
        "Each mark is a trial; shapes say what kind it is, pale ones are beaten by others. The ring is the knee, from "
        "where a gain in one objective costs most in the others. Hover over a mark for its parameters."
        + (" Crosses are means of re-runs with their standard errors." if study.front["n"].any() else ""),
        f"Scatter plot of {objectives}: {len(study.finished.trials)} trials, {len(study.front)} of them on the front.",
        {"": View(draw_front([study.finished]), sheet_of(front_in_words(study), "The front, and before training"))},
    )
    return Section("Pareto front", [], [chart])


def front_in_words(study: Collected) -> pd.DataFrame:
    """Give the model before training and the front's trials with their error bars, columns in words."""
    finished = study.finished
    before = pd.DataFrame([{"trial_id": BEFORE, **finished.baseline}])
    rows = pd.concat([frame for frame in (before, study.front) if len(frame)], ignore_index=True)
    columns = {"trial": [f"{trial} ◆" if trial == study.knee else trial for trial in rows["trial_id"]]}
    for name in finished.objectives:
        columns[label(name)] = rows[name] if name in rows else [math.nan] * len(rows)
        if study.front["n"].any():
            columns[f"{label(name)}, re-runs"] = rows[f"{name}_mean"]
            columns[f"standard error of {label(name)}"] = rows[f"{name}_se"]
    if study.front["n"].any():
        columns |= {"re-runs": rows["n"], "probability of the front": rows["pareto_probability"]}
    trained = rows["trial_id"] != BEFORE
    parameters = {name: rows[name].where(trained) for name in parameter_names(study) if name in rows}
    columns |= {label(name): values for name, values in parameters.items() if values.notna().any()}
    shown: pd.DataFrame = pd.DataFrame(columns)
    return shown
