"""Histograms of cosines of the chosen trials, before training and after."""

from collections.abc import Sequence

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from gap.errors import UserError
from study.cosines import read_cosines
from study.explore.trials.choice import Chosen
from study.explore.trials.embedded import counts_of
from study.explore.trials.metrics import GRAPH
from study.figures.histograms import Counts, counts_at, draw_histograms
from study.open_trial import BASELINE


def histograms(trials: Sequence[Chosen]) -> list[Component]:
    """Draw a figure a trial; where there is nothing to draw, say why."""
    return [_panel(one) for one in trials]


def _panel(one: Chosen) -> Component:
    try:
        before, after = _counts(one)
    except UserError as error:
        return _titled(one, html.P(str(error), className="note warning"))
    if not before and not after:
        words = (
            "No cosines were kept of this trial; the study was run by an earlier version, or its first epoch goes on."
        )
        return _titled(one, html.P(words, className="note"))
    graph_id = {"type": "study-histogram", "trial": one.letter}
    graph = dcc.Graph(id=graph_id, figure=draw_histograms(before, after), config=GRAPH)
    missing = [] if after else [html.P("None after training were kept of this trial yet.", className="note")]
    return _titled(one, graph, *missing)


def _titled(one: Chosen, *content: Component) -> Component:
    return html.Figure([html.Figcaption(one.name), *content])


def _counts(one: Chosen) -> tuple[Counts, Counts]:
    """Take the counts of epoch 0 and of the epoch that counts; of an older study, those of what it embedded."""
    directory = one.snapshot.study.directory
    table = read_cosines(directory, one.trial)
    if len(table):
        last = int(table["epoch"].max())
        counting = last if pd.isna(one.row.get("epoch")) else int(one.row["epoch"])
        return counts_at(table, 0), counts_at(table, min(counting, last)) if last else {}
    return counts_of(directory, BASELINE), counts_of(directory, one.trial)
