"""What a reader has done to a figure, kept when it is drawn anew."""

from collections.abc import Mapping
from typing import Any

from plotly.graph_objects import Figure


def keep_view(figure: Figure, shown: Mapping[str, Any] | None) -> Figure:
    """Give the axes of ``figure`` the ranges to which a reader zoomed or moved them on the page.

    ``shown`` is the figure as the page has it; an axis there that is not on its own range was zoomed. Dash 4.2 writes
    a reader's ranges into what it takes for the program's own figure, so that ``uirevision`` alone does not keep them.

    >>> shown = {"layout": {"xaxis": {"range": [1, 2], "autorange": False}, "yaxis": {"range": [0, 9]}}}
    >>> layout = keep_view(Figure(), shown).layout
    >>> layout.xaxis.range, layout.yaxis.range
    ((1, 2), None)
    """
    layout = (shown or {}).get("layout") or {}
    for name, axis in layout.items():
        if name.startswith(("xaxis", "yaxis")) and isinstance(axis, Mapping) and axis.get("autorange") is False:
            figure.update_layout({name: {"range": axis["range"], "autorange": False}})
    return figure
