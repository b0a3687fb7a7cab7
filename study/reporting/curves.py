"""Metrics of every trial, epoch by epoch."""

import math
from typing import Any

import pandas as pd
from plotly.subplots import make_subplots

from study.figures import palette
from study.figures.palette import label
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, View, sheet_of

METRICS = ("modality_gap", "misalignment", "uniformity", "recall_at_1", "recall_at_10", "loss")
ACROSS = 2


def curves(study: Collected) -> Section:
    """Draw the curves of the trial that is chosen, first the knee."""
    title, table = "Curves of a trial", study.epochs
    objectives = [name for name in study.finished.objectives if name not in METRICS]
    names = [name for name in [*METRICS, *objectives] if name in table and table[name].notna().any()]
    if not names:
        return Section(title, ["There is no epochs.csv with values: no epoch has ended yet."])
    trials = [str(trial) for trial in dict.fromkeys(table["trial_id"])]
    first = [study.knee] if study.knee in trials else []
    layout = _layout(names, int(table["epoch"].max()))
    by_trial = dict(list(table.groupby("trial_id", sort=False)))
    views = {trial: _view(by_trial[trial], trial, names, layout) for trial in dict.fromkeys([*first, *trials])}
    chart = Chart(
        "curves",
        "Values on the test split after each epoch; epoch 0 is the model before training. The loss is the mean over an "
        "epoch's steps.",
        f"Curves of {', '.join(label(name) for name in names)} over the epochs of the chosen trial.",
        views,
    )
    return Section(title, [], [chart])


def _view(rows: pd.DataFrame, trial: str, names: list[str], layout: dict[str, Any]) -> View:
    shown = rows[["epoch", *names]].rename(columns=label)
    epochs = rows["epoch"].tolist()
    # Plain values: making a Plotly object of each curve of each trial takes a second a trial.
    traces = [
        {
            "type": "scatter",
            "x": epochs,
            "y": pd.to_numeric(rows[name], errors="coerce").tolist(),
            "xaxis": f"x{number}",
            "yaxis": f"y{number}",
            "mode": "lines+markers",
            "line": {"color": palette.FRONT},
            "marker": {"size": 7},
            "hovertemplate": "epoch %{x}: %{y:.4g}<extra></extra>",
        }
        for number, name in enumerate(names, start=1)
    ]
    return View({"data": traces, "layout": layout}, sheet_of(shown, f"Epochs of {trial}"))


def _layout(names: list[str], epochs: int) -> dict[str, Any]:
    """Give the curve of each metric a cell of its own: they have different units."""
    high = -(-len(names) // ACROSS)
    figure = make_subplots(high, ACROSS, subplot_titles=[label(name) for name in names], vertical_spacing=0.3 / high)
    figure.update_layout(height=40 + 190 * high, showlegend=False, margin={"t": 28, "r": 8, "b": 8, "l": 8})
    figure.update_annotations(font={"size": 12})
    figure.update_xaxes(dtick=max(1, math.ceil(epochs / 8)))
    whole: dict[str, Any] = figure.to_plotly_json()["layout"]
    return whole
