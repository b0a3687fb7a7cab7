"""A descent so far: the loss, the gap and retrieval over its steps."""

import plotly.graph_objects as go

from study.explore.sphere.descent import Moment
from study.figures import theme
from study.figures.palette import IMAGE, PAIR, TEXT


def draw_progress(moment: Moment, steps: int) -> go.Figure:
    """Draw three curves one above the other, over steps up to at least ``steps``."""
    curves = [("loss", moment.losses, IMAGE), ("gap", moment.gaps, PAIR), ("R@1 (%)", moment.recalls, TEXT)]
    where = list(range(len(moment.losses)))
    traces = [
        go.Scatter(
            x=where,
            y=list(values),
            name=name,
            yaxis=f"y{number}",
            mode="lines+markers" if len(where) == 1 else "lines",
            line={"color": colour, "width": 2},
            marker={"size": 7},
            hovertemplate=f"step %{{x}}: %{{y:.4g}}<extra>{name}</extra>",
        )
        for number, (name, values, colour) in enumerate(curves, start=1)
    ]
    domains = ((0.7, 1.0), (0.35, 0.65), (0.0, 0.3))
    axes = {
        f"yaxis{number}": {"title": {"text": name}, "domain": domain, "nticks": 4, "rangemode": mode}
        for number, ((name, _, _), domain, mode) in enumerate(
            zip(curves, domains, ("normal", "tozero", "tozero"), strict=True), start=1
        )
    }
    across = {"title": {"text": "step"}, "range": [0, max(steps, len(where) - 1)], "anchor": "y3"}
    return theme.new_figure(*traces, showlegend=False, xaxis=across, **axes)
