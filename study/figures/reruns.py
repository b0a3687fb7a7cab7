"""How sure the points of a front are: means of their re-runs, and what ties them to the search's own run."""

import math
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from study.error_bars import with_error_bars
from study.figures.axes import Plane
from study.figures.hover import describe
from study.finished import Finished


def rerun_traces(study: Finished, name: str, plane: Plane, colour: str) -> list[Any]:
    """Draw the mean of each trial's re-runs ± standard error, tied by a thin line to the run that was chosen.

    A single re-run has no standard error and no bars. Nothing where no trial was repeated, or an axis is no objective.
    """
    if plane.across == "trial_id" or not len(study.replicates):
        return []
    barred = with_error_bars(study.front, study.replicates, study.objectives)
    rows = plane.drawn(barred[barred["n"] > 0])
    if not len(rows):
        return []
    mean = {objective: rows[f"{objective}_mean"].tolist() for objective in (plane.up, plane.across)}
    ties = {
        objective: [value for pair in zip(rows[objective], means, strict=True) for value in (*pair, None)]
        for objective, means in mean.items()
    }
    shown = [
        "n",
        *(f"{objective}_{kind}" for objective in study.objectives for kind in ("mean", "se")),
        "pareto_probability",
    ]
    return [
        go.Scatter(
            x=ties[plane.across],
            y=ties[plane.up],
            mode="lines",
            name="re-runs",
            line={"color": colour, "width": 0.8, "dash": "dot"},
            showlegend=False,
            hoverinfo="skip",
        ),
        go.Scatter(
            x=mean[plane.across],
            y=mean[plane.up],
            mode="markers",
            name="re-runs: mean ± standard error",
            marker={"symbol": "cross-thin-open", "color": colour, "size": 9},
            error_x=_bars(rows[f"{plane.across}_se"], colour),
            error_y=_bars(rows[f"{plane.up}_se"], colour),
            customdata=[[name, trial] for trial in rows["trial_id"]],
            hoverinfo="text",
            hovertext=[describe(f"{row['trial_id']}: re-runs", row, shown) for row in rows.to_dict("records")],
        ),
    ]


def _bars(errors: pd.Series, colour: str) -> dict[str, Any]:
    return {
        "type": "data",
        "array": [None if math.isnan(error) else error for error in errors],
        "color": colour,
        "thickness": 1.2,
        "width": 3,
    }
