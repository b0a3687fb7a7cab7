"""The Pareto front, drawn and listed."""

import math
from collections.abc import Iterator

import pandas as pd

from study.figures.front import BEFORE, draw_front
from study.figures.palette import label
from study.open_trial import BASELINE
from study.posthoc_series import BEATEN, BEATEN_BY, by_series
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
        " ".join(_caption(study)),
        f"Scatter plot of {objectives}: {len(study.finished.trials)} trials, {len(study.front)} of them on the front.",
        {"": View(draw_front([study.finished]), sheet_of(front_in_words(study), "The front, and before training"))},
    )
    posthoc = study.finished.posthoc
    maps = [sheet_of(posthoc_in_words(study), "Post-hoc maps, by the model that they are of")] if len(posthoc) else []
    return Section("Pareto front", [], [chart, *maps])


def _caption(study: Collected) -> Iterator[str]:
    """Say what the marks are that this figure has."""
    yield (
        "Shapes say what a mark is: a trial of some kind, or the model before training. Pale ones are complete trials "
        "that are not on the front: another beats them, or they break a constraint. The ring is the knee, from where a "
        "gain in one objective costs most in the others. Hover over a mark for its parameters."
    )
    if study.front["n"].any():
        yield "Crosses are means of re-runs, with their standard errors where there are two or more."
    if any(trial == BASELINE for trial in study.finished.posthoc["trial_id"]):
        yield "Tall hollow diamonds are maps of the untuned model's embeddings, which need no training."
    if any(trial != BASELINE for trial in study.finished.posthoc["trial_id"]):
        yield "Hollow pentagons are maps of a trial's embeddings, on top of its training."


def posthoc_in_words(study: Collected) -> pd.DataFrame:
    """Return the post-hoc points, columns in words, the untuned model's first."""
    finished = study.finished
    parts = by_series(finished.posthoc)
    rows = pd.concat([part.assign(series=name) for name, part in parts.items()], ignore_index=True)
    kept = {"series": "map", "method": "method", "strength": "strength"}
    kept |= {name: label(name) for name in (*finished.objectives, BEATEN, BEATEN_BY)}
    shown: pd.DataFrame = pd.DataFrame({words: rows[name] for name, words in kept.items() if name in rows})
    return shown


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
