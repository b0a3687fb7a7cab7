"""A metric of some trials, epoch by epoch."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from study.figures import palette, theme
from study.figures.hover import plain


def draw_curve(runs: Mapping[str, pd.DataFrame], metric: str, height: int = 260) -> go.Figure:
    """Draw one metric over the epochs of each run, from epoch 0, the model before training.

    ``runs`` maps a name to the run's rows of ``epochs.csv``. A value that is missing leaves a gap, as a loss term does
    before training. Curves differ in colour, dash and marks.
    """
    known = {
        name: rows.sort_values("epoch")
        for name, rows in runs.items()
        if metric in rows and pd.to_numeric(rows[metric], errors="coerce").notna().any()
    }
    if not known:
        return theme.nothing_to_draw("no values")
    words = plain(palette.label(metric))
    traces = [
        go.Scatter(
            x=rows["epoch"].tolist(),
            y=pd.to_numeric(rows[metric], errors="coerce").tolist(),
            mode="lines+markers",
            name=plain(name),
            line={"dash": theme.DASHES[k % len(theme.DASHES)], "color": palette.SERIES[k % len(palette.SERIES)]},
            marker={"symbol": theme.SYMBOLS[k % len(theme.SYMBOLS)], "size": 7},
            hovertemplate=f"epoch %{{x}}: %{{y:.4g}}<extra>{plain(name).replace('%', '&#37;')}</extra>",
        )
        for k, (name, rows) in enumerate(known.items())
    ]
    step = theme.whole_steps(max(max(trace.x) for trace in traces))
    axes = {"xaxis": {"title": {"text": "epoch"}, "dtick": step}, "yaxis": {"title": {"text": words}}}
    return theme.new_figure(*traces, height=height, showlegend=len(known) > 1, **axes)
