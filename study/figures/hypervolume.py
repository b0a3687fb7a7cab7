"""How the front grew."""

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from study.figures import palette, theme
from study.figures.hover import describe, plain


def draw_hypervolume(tables: Mapping[str, pd.DataFrame], height: int = 300) -> go.Figure:
    """Draw hypervolume over the trials that had ended, a step line a study; ``tables`` has their ``hypervolume.csv``.

    ``customdata`` of a point is ``[study, trial_id]``, the trial that had just ended.
    """
    known = {name: table[table["hypervolume"].notna()] for name, table in tables.items() if len(table)}
    known = {name: table for name, table in known.items() if len(table)}
    if not known:
        return theme.nothing_to_draw("no hypervolume yet: no trial has ended")
    traces = [
        go.Scatter(
            x=table["trials"].tolist(),
            y=table["hypervolume"].tolist(),
            mode="lines+markers",
            name=plain(name),
            line={"shape": "hv", "dash": theme.DASHES[k % len(theme.DASHES)], "color": palette.SERIES[k % 7]},
            marker={"symbol": theme.SYMBOLS[k % len(theme.SYMBOLS)], "size": 6},
            customdata=[[name, trial] for trial in table["trial_id"]],
            hoverinfo="text",
            hovertext=[
                describe(str(row["trial_id"]), row, ("state", "hypervolume", "epochs", "train_seconds"))
                for row in table.to_dict("records")
            ],
        )
        for k, (name, table) in enumerate(known.items())
    ]
    axes = {
        "xaxis": {
            "title": {"text": "trials that have ended"},
            "dtick": theme.whole_steps(max(table["trials"].max() for table in known.values())),
        },
        "yaxis": {"title": {"text": "hypervolume"}, "rangemode": "tozero"},
    }
    return theme.new_figure(*traces, height=height, showlegend=len(known) > 1, **axes)
