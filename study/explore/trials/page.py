"""The study page as it is when it is opened: the parts that stay, and where callbacks put the rest."""

from collections.abc import Sequence
from pathlib import Path

from dash import dcc, html
from dash.development.base_component import Component

from gap.errors import UserError
from study.explore.trials.choice import chosen, first_choice, options
from study.explore.trials.metrics import GRAPH, metric_options, usual_metrics
from study.explore.trials.overview import front_figure, front_table, growth_figure, parallel_figure, status
from study.explore.trials.snapshot import Snapshot, snapshots, stamps

EVERY_MS = 2_000
COSINES = "Dashed before training, filled after; each of area 1. The gap is what parts the first two from the last two."
MAPS = (
    "Pairs of the test split on the first two principal components of all images and texts, a sample where there are "
    "many; a line ties an image to its caption. Each map has its own components. Only trials of the front have one."
)
RETRIEVAL = (
    "Captions of the test split, each with the first five of all test images. A frame and a tick mark those that are "
    "right: the caption's own image, or one with an equal caption."
)


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
            _card("Embeddings", html.P(MAPS, className="note"), html.Div(id="study-map")),
            _card("The whole study", *_whole(shots)),
        ]
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
        html.Div(
            [html.Span("A click on a point ", className="note", id="study-click-label"), click],
            className="row",
            role="radiogroup",
            **{"aria-labelledby": "study-click-label"},
        ),
    ]


def _metrics(shots: Sequence[Snapshot]) -> Component:
    chooser = dcc.Dropdown(
        id="study-metrics", options=metric_options(shots), value=usual_metrics(shots), multi=True, placeholder="none"
    )
    return html.Div(
        [html.Label("Metrics", htmlFor="study-metrics", id="study-metrics-label"), chooser], className="field"
    )


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
