"""What all figures have in common; a page puts ``LIGHT`` or ``DARK`` in ``layout.template`` and nothing else changes.

Figures have no title and no background of their own: both are the page's.
"""

import math
from typing import Any

import plotly.graph_objects as go

# Plotly keeps a reader's zoom and hidden curves for as long as this stays the same.
UIREVISION = "kept"
FONT = "system-ui, sans-serif"
DASHES = ("solid", "dash", "dot", "dashdot", "longdash")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")


def _template(ink: str, ground: str, grid: str) -> go.layout.Template:
    axis = {"gridcolor": grid, "zerolinecolor": grid, "linecolor": grid, "automargin": True, "title": {"standoff": 8}}
    return go.layout.Template(
        layout={
            "font": {"color": ink, "family": FONT, "size": 13},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "xaxis": axis,
            "yaxis": axis,
            "hoverlabel": {
                "bgcolor": ground,
                "bordercolor": grid,
                "font": {"color": ink, "family": FONT},
                "align": "left",
            },
            "hovermode": "closest",
            "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
            "legend": {
                "orientation": "h",
                "x": 0,
                "y": 1.02,
                "yanchor": "bottom",
                "tracegroupgap": 2,
                "bgcolor": "rgba(0,0,0,0)",
            },
        }
    )


LIGHT = _template("#222222", "#ffffff", "#d4d4d4")
DARK = _template("#e6e6e6", "#1c1c1c", "#4a4a4a")


def new_figure(*traces: Any, **layout: Any) -> go.Figure:
    """Make a figure of ``traces`` with what all have in common, light."""
    return go.Figure(list(traces), layout={"template": LIGHT, "uirevision": UIREVISION, **layout})


def whole_steps(last: float) -> int:
    """Give the distance between ticks on an axis of whole numbers up to ``last``: about eight of them, none between.

    >>> whole_steps(2), whole_steps(40)
    (1, 5)
    """
    return max(1, math.ceil(last / 8))


def nothing_to_draw(words: str) -> go.Figure:
    """Make a figure that says why it is empty, in words of the program's own.

    >>> nothing_to_draw("no trial has ended yet").layout.annotations[0].text
    'no trial has ended yet'
    """
    said = {"text": words, "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5}
    return new_figure(xaxis={"visible": False}, yaxis={"visible": False}, annotations=[said])
