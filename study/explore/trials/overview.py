"""The whole of the studies: their state in words, their front, its table, how it grew, all trials as lines."""

from collections import Counter
from collections.abc import Sequence

import pandas as pd
from dash import html
from dash.development.base_component import Component
from plotly.graph_objects import Figure, Scatter

from study.explore.trials.choice import STATES, Chosen
from study.explore.trials.snapshot import Snapshot
from study.figures.axes import plane_of
from study.figures.front import draw_front
from study.figures.hypervolume import draw_hypervolume
from study.figures.palette import label
from study.figures.parallel import draw_parallel
from study.words import brief


def status(shots: Sequence[Snapshot]) -> list[Component]:
    """Say of each study how many trials there are, in what state, and whether it goes on."""
    return [html.P(_status(shot), className="note") for shot in shots]


def _status(shot: Snapshot) -> str:
    about, trials = shot.study.about, shot.study.trials
    counts = Counter(STATES.get(str(state), "complete") for state in trials["state"])
    going = [trial for trial in shot.rows if trial not in set(trials["trial_id"])]
    parts = [f"{count} {words}" for words, count in counts.items()] + [f"{trial} runs" for trial in going]
    rehearsal = "a rehearsal with a small model; " if about.get("profile") == "rehearsal" else ""
    over = f"over: {about['reason']}" if about.get("reason") else "ended" if "ended" in about else "not ended"
    return f"{shot.name}: {rehearsal}{', '.join(parts) or 'no trial has begun'}; {over}"


def front_figure(shots: Sequence[Snapshot], trials: Sequence[Chosen]) -> Figure:
    """Draw the studies on one front, the chosen trials with their letters."""
    figure = draw_front([shot.study for shot in shots], [shot.name for shot in shots])
    plane = plane_of(shots[0].study.objectives)
    for one in trials:
        place = plane.drawn(pd.DataFrame([one.row]))
        if len(place):
            x, y = plane.coordinates(place)
            mark = {"symbol": "square-open", "size": 20, "color": "#8c8c8c", "line": {"width": 2}}
            named = {"text": [one.letter], "textposition": "top right", "textfont": {"size": 16}}
            figure.add_trace(
                Scatter(x=x, y=y, mode="markers+text", marker=mark, hoverinfo="skip", showlegend=False, **named)
            )
    return figure


def front_table(shots: Sequence[Snapshot]) -> Component:
    """Write the front as a table, for whoever does not see the figure."""
    objectives = list(dict.fromkeys(name for shot in shots for name in shot.study.objectives))
    rows = [
        html.Tr([html.Th(f"{shot.name} · {row['trial_id']}", scope="row"), *_cells(row, [*objectives, "terms"])])
        for shot in shots
        for row in shot.study.front.to_dict("records")
    ]
    head = ["trial", *(label(name) for name in objectives), "terms"]
    body = [html.Thead(html.Tr([html.Th(words, scope="col") for words in head])), html.Tbody(rows)]
    return html.Div(html.Table([html.Caption("The Pareto front"), *body]), className="scroll")


def _cells(row: dict[object, object], names: Sequence[str]) -> list[Component]:
    return [html.Td("" if row.get(name) != row.get(name) else brief(row.get(name))) for name in names]


def growth_figure(shots: Sequence[Snapshot]) -> Figure:
    """Draw the hypervolume of each study."""
    return draw_hypervolume({shot.name: shot.growth for shot in shots})


def parallel_figure(shot: Snapshot) -> Figure:
    """Draw the trials of a study over their parameters and objectives."""
    names = [*shot.study.searched, *shot.study.objectives]
    return draw_parallel(shot.study.trials, list(shot.study.front["trial_id"]), names, shot.name)
