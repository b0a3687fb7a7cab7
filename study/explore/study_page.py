"""A study, or several: the front, and what stands behind each of its points; also while it runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from gap.errors import UserError
from study.explore.page import Page
from study.explore.trials.choice import chosen, clicked, first_choice, options
from study.explore.trials.cosines import histograms
from study.explore.trials.gallery import gallery
from study.explore.trials.metrics import GRAPH, curves, metric_options, usual_metrics
from study.explore.trials.overview import front_figure, front_table, growth_figure, parallel_figure, status
from study.explore.trials.parameters import parameters_table
from study.explore.trials.snapshot import Snapshot, snapshots, stamp

EVERY_MS = 2_000


def layout(studies: Sequence[Path]) -> Component:
    """Draw the page as the studies are now; what they cannot be read for stands in their place."""
    try:
        shots = snapshots(studies)
    except UserError as error:
        return html.Div([html.H1("Study"), html.P(str(error), className="warning", role="alert")])
    first = first_choice(shots)
    trials = options(shots)
    return html.Div(
        [
            dcc.Store(id="study-stamp", data=stamps(studies)),
            dcc.Interval(id="study-clock", interval=EVERY_MS),
            html.H1(" and ".join(shot.name for shot in shots)),
            html.Div(status(shots), id="study-status", role="status"),
            html.Section(_front(shots, first), className="card"),
            html.Section(_choice(trials, first), className="card"),
            _card("Parameters", html.Div(id="study-parameters")),
            _card("Curves", _metrics(shots), html.Div(id="study-curves", className="columns")),
            _card("Cosines", html.P(COSINES, className="note"), html.Div(id="study-histograms", className="columns")),
            _card("Retrieval", *_retrieval(), html.Div(id="study-gallery", className="columns")),
            _card("The whole study", *_whole(shots)),
        ]
    )


COSINES = "Dashed before training, filled after; each of area 1. The gap is what parts the first two from the last two."
RETRIEVAL = (
    "Captions of the test split, each with the first five of all test images. A frame and a tick mark those that are "
    "right: the caption's own image, or one with an equal caption."
)


def _card(title: str, *content: Component) -> Component:
    return html.Section([html.H2(title), *content], className="card")


def _front(shots: Sequence[Snapshot], first: str | None) -> list[Component]:
    figure = front_figure(shots, chosen(shots, first))
    table = html.Details([html.Summary("The front as a table"), html.Div(front_table(shots), id="study-front-table")])
    return [html.H2("Front"), dcc.Graph(id="study-front", figure=figure, config=GRAPH), table]


def _choice(trials: list[dict[str, str]], first: str | None) -> list[Component]:
    def field(letter: str, words: str, value: str | None) -> Component:
        name = f"study-trial-{letter}"
        chooser = dcc.Dropdown(id=name, options=trials, value=value, placeholder="none")
        return html.Div([html.Label(words, htmlFor=name, id=f"{name}-label"), chooser], className="field")

    click = dcc.RadioItems(
        id="study-click", options={"a": "chooses trial A", "b": "chooses trial B"}, value="a", inline=True
    )
    return [
        html.H2("Trials"),
        html.Div([field("a", "Trial A", first), field("b", "Trial B, beside it", None)], className="trials"),
        html.Div([html.Span("A click on a point ", className="note"), click], className="row"),
    ]


def _metrics(shots: Sequence[Snapshot]) -> Component:
    chooser = dcc.Dropdown(
        id="study-metrics", options=metric_options(shots), value=usual_metrics(shots), multi=True, placeholder="none"
    )
    return html.Div([html.Label("Metrics", htmlFor="study-metrics"), chooser], className="field")


def _retrieval() -> list[Component]:
    return [
        html.P(RETRIEVAL, className="note"),
        html.Button("Other captions", id="study-other-captions", n_clicks=0),
    ]


def _whole(shots: Sequence[Snapshot]) -> list[Component]:
    lines = [
        html.Figure(
            [
                html.Figcaption(f"{shot.name}: every trial through its parameters and objectives"),
                html.Div(
                    dcc.Graph(
                        id={"type": "study-parallel", "study": number}, figure=parallel_figure(shot), config=GRAPH
                    ),
                    className="wide",
                ),
            ]
        )
        for number, shot in enumerate(shots)
    ]
    growth = dcc.Graph(id="study-growth", figure=growth_figure(shots), config=GRAPH)
    return [html.Figure([html.Figcaption("Hypervolume of the front"), growth]), *lines]


def stamps(studies: Sequence[Path]) -> list[str]:
    """Say in what state the files of the studies are; words, as JSON's numbers would lose digits."""
    return [" ".join(map(str, stamp(directory))) for directory in studies]


def readable(studies: Sequence[Path]) -> list[Snapshot]:
    """Read the studies for a callback; where one cannot be read just now, what is on the page stays."""
    try:
        return snapshots(studies)
    except UserError as error:
        raise PreventUpdate from error


def look_again(studies: Sequence[Path], seen: list[str]) -> tuple[Any, Any]:
    """Give the new stamps and the state in words if any file has changed, else nothing.

    A study that cannot be read just now is looked at again the next time; what is on the page stays.
    """
    now = stamps(studies)
    if now == seen:
        return no_update, no_update
    try:
        return now, status(snapshots(studies))
    except UserError as error:
        return no_update, html.P(f"{error}; the page shows what was there before.", className="note warning")


def register(app: Dash, studies: Sequence[Path]) -> None:
    """Add its callbacks."""
    trial_a, trial_b = Input("study-trial-a", "value"), Input("study-trial-b", "value")
    seen = Input("study-stamp", "data")

    @app.callback(
        Output("study-stamp", "data"),
        Output("study-status", "children"),
        Input("study-clock", "n_intervals"),
        State("study-stamp", "data"),
        prevent_initial_call=True,
    )
    def tick(_: int | None, stamps_seen: list[str]) -> tuple[Any, Any]:
        return look_again(studies, stamps_seen)

    @app.callback(Output("study-front", "figure"), trial_a, trial_b, seen)
    def show_front(a: str | None, b: str | None, _: object) -> Any:
        shots = readable(studies)
        return front_figure(shots, chosen(shots, a, b))

    @app.callback(
        Output("study-trial-a", "options"),
        Output("study-trial-b", "options"),
        Output("study-metrics", "options"),
        Output("study-front-table", "children"),
        Output("study-growth", "figure"),
        seen,
        prevent_initial_call=True,
    )
    def show_new_trials(_: object) -> tuple[Any, ...]:
        shots = readable(studies)
        trials = options(shots)
        return trials, trials, metric_options(shots), front_table(shots), growth_figure(shots)

    @app.callback(
        Output("study-trial-a", "value"),
        Output("study-trial-b", "value"),
        Input("study-front", "clickData"),
        State("study-click", "value"),
        prevent_initial_call=True,
    )
    def choose(click: Any, which: str) -> tuple[Any, Any]:
        value = clicked(readable(studies), click)
        if value is None:
            return no_update, no_update
        return (value, no_update) if which == "a" else (no_update, value)

    @app.callback(Output("study-parameters", "children"), trial_a, trial_b, seen)
    def show_parameters(a: str | None, b: str | None, _: object) -> Component:
        return parameters_table(chosen(readable(studies), a, b))

    @app.callback(Output("study-curves", "children"), trial_a, trial_b, Input("study-metrics", "value"), seen)
    def show_curves(a: str | None, b: str | None, metrics: list[str] | None, _: object) -> list[Component]:
        return curves(chosen(readable(studies), a, b), metrics or [])

    @app.callback(Output("study-histograms", "children"), trial_a, trial_b, seen)
    def show_histograms(a: str | None, b: str | None, _: object) -> list[Component]:
        return histograms(chosen(readable(studies), a, b))

    @app.callback(
        Output("study-gallery", "children"), trial_a, trial_b, Input("study-other-captions", "n_clicks"), seen
    )
    def show_gallery(a: str | None, b: str | None, seed: int | None, _: object) -> list[Component]:
        return gallery(chosen(readable(studies), a, b), seed or 0)


PAGE = Page("Study", layout, register)
