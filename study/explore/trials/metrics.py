"""Curves over epochs of the chosen trials."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from study.explore.trials.choice import Chosen
from study.explore.trials.snapshot import Snapshot
from study.explore.trials.view import keep_view
from study.figures.curves import draw_curve
from study.figures.palette import label

# What is not measured over epochs.
CONSTANT = {"epoch", "seed", "trained_parameters"}
USUAL = ("misalignment", "uniformity", "loss")
# Without Plotly's button that sends a chart to a server of theirs, and without those that select points.
GRAPH = {
    "displaylogo": False,
    "responsive": True,
    "showSendToCloud": False,
    "modeBarButtonsToRemove": ["select2d", "lasso2d"],
}


def metric_options(shots: Sequence[Snapshot]) -> list[dict[str, str]]:
    """List what changes from epoch to epoch in any of the studies."""
    names = list(dict.fromkeys(name for shot in shots for name in _metrics(shot)))
    return [{"label": label(name), "value": name} for name in names]


def _metrics(shot: Snapshot) -> list[str]:
    numeric = shot.epochs.select_dtypes("number")
    searched = set(shot.study.searched) | {"alpha", "beta", "rank", "epochs", "lr", "batch_size"}
    return [name for name in numeric if name not in CONSTANT | searched and numeric[name].nunique(dropna=False) > 1]


def usual_metrics(shots: Sequence[Snapshot]) -> list[str]:
    """Choose the curves that the page opens with: the objectives, and what the thesis looks at."""
    known = {option["value"] for option in metric_options(shots)}
    objectives = [name for shot in shots for name in shot.study.objectives]
    return [name for name in dict.fromkeys([*objectives, *USUAL]) if name in known]


def curves(
    trials: Sequence[Chosen], metrics: Sequence[str], shown: Mapping[str, Mapping[str, Any]] | None = None
) -> list[Component]:
    """Draw one figure a metric, all chosen trials in each, zoomed as those on the page, ``shown``, are."""
    if not trials or not metrics:
        return [html.P("Choose a trial and a metric.", className="note")]
    runs: dict[str, pd.DataFrame] = {one.name: one.snapshot.epochs_of(one.trial) for one in trials}
    figures = {metric: keep_view(draw_curve(runs, metric), (shown or {}).get(metric)) for metric in metrics}
    return [
        dcc.Graph(id={"type": "study-curve", "metric": metric}, figure=figure, config=GRAPH)
        for metric, figure in figures.items()
    ]
