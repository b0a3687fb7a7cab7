"""Every trial as a line through its parameters and objectives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from plotly.graph_objects import Figure, Scatter

from study.figures import palette, theme
from study.figures.hover import describe, plain
from study.words import brief

# Where a trial has no use for a parameter: under the axis.
MISSING = -0.12
# How far trials of one category stand apart, so that their lines can be told apart.
SPREAD = 0.05


def draw_parallel(
    trials: pd.DataFrame, front: Sequence[str], names: Sequence[str], study: str = "", height: int = 420
) -> Figure:
    """Draw the complete trials and those stopped early over one upright axis for each of ``names``.

    An axis runs from the smallest to the largest value, a parameter of words from the first word to the last; a value
    that a trial has not, such as the weight of a term that it does not use, is under the axis. Trials of the ``front``
    are solid, others pale and dotted. ``customdata`` of a point is ``[study, trial_id]``.
    """
    drawn = trials[trials["state"].isin(["COMPLETE", "STOPPED"])]
    axes = [name for name in names if name in drawn and drawn[name].notna().any()]
    if not axes:
        return theme.nothing_to_draw("no trial has ended yet")
    scales = {name: _scale(drawn[name]) for name in axes}
    on_front = drawn["trial_id"].isin(list(front)).to_numpy()
    figure = theme.new_figure(
        height=height,
        xaxis={
            "tickvals": list(range(len(axes))),
            "ticktext": [plain(palette.label(name), 12) for name in axes],
            "tickangle": 0,
            "range": [-0.3, len(axes) - 0.4],
            "showgrid": True,
        },
        yaxis={"visible": False, "range": [MISSING - 0.06, 1.08]},
    )
    for name, chosen, line in (
        ("other trials", ~on_front, {"color": palette.OTHER, "width": 1, "dash": "dot"}),
        ("Pareto front", on_front, {"color": palette.FRONT, "width": 2}),
    ):
        if chosen.any():
            heights = np.stack([scales[axis].heights[chosen] for axis in axes], axis=1)
            figure.add_trace(_lines(name, drawn[chosen], heights, axes, study, line))
    for position, name in enumerate(axes):
        for height_of_tick, words in scales[name].ticks.items():
            place = {"x": position, "y": height_of_tick, "xanchor": "left", "xshift": 5, "showarrow": False}
            figure.add_annotation(text=plain(words), font={"size": 11}, **place)
    return figure


class _Scale:
    """An axis: where each trial stands on it, in [0, 1] or ``MISSING``, and the words beside it."""

    def __init__(self, heights: npt.NDArray[np.float64], ticks: Mapping[float, str]) -> None:
        self.heights = np.where(np.isnan(heights), MISSING, heights)
        self.ticks = dict(ticks) | ({MISSING: "–"} if np.isnan(heights).any() else {})


def _scale(values: pd.Series) -> _Scale:
    numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=np.float64)
    if values.dtype != bool and np.isfinite(numbers).any() and (np.isfinite(numbers) | values.isna().to_numpy()).all():
        return _numeric(numbers)
    words = values.map(str, na_action="ignore")
    categories = sorted(words.dropna().unique())
    step = 1 / max(len(categories) - 1, 1)
    at = words.map({word: number * step for number, word in enumerate(categories)}).to_numpy(dtype=np.float64)
    place = words.groupby(words).cumcount().to_numpy(dtype=np.float64)
    count = words.map(words.value_counts()).to_numpy(dtype=np.float64)
    spread = SPREAD * min(step, 1) * (2 * (place + 0.5) / count - 1)
    return _Scale(at + spread, {number * step: word for number, word in enumerate(categories)})


def _numeric(numbers: npt.NDArray[np.float64]) -> _Scale:
    finite = np.where(np.isfinite(numbers), numbers, np.nan)
    low, high = np.nanmin(finite), np.nanmax(finite)
    if low == high:
        return _Scale(np.where(np.isnan(finite), np.nan, 0.5), {0.5: brief(float(low))})
    return _Scale((finite - low) / (high - low), {0.0: brief(float(low)), 1.0: brief(float(high))})


def _lines(
    name: str,
    rows: pd.DataFrame,
    heights: npt.NDArray[np.float64],
    axes: Sequence[str],
    study: str,
    line: Mapping[str, Any],
) -> Scatter:
    """Draw all rows as one trace; None parts one trial's line from the next."""
    texts = [describe(str(row["trial_id"]), row, axes) for row in rows.to_dict("records")]
    trials = [str(trial) for trial in rows["trial_id"]]
    k = len(axes)
    return Scatter(
        x=[*range(k), None] * len(rows),
        y=[value for row in heights.tolist() for value in (*row, None)],
        mode="lines+markers",
        name=name,
        line=dict(line),
        marker={"size": 5, "symbol": "circle" if name == "Pareto front" else "circle-open"},
        customdata=[[study, trial] for trial in trials for _ in range(k + 1)],
        hoverinfo="text",
        hovertext=[text for text in texts for _ in range(k + 1)],
    )
