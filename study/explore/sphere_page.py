"""The sphere: two clouds of unit vectors, and what losses, metrics and descent make of them (thesis, annex C)."""

from collections.abc import Sequence
from pathlib import Path

from dash import Dash, dcc, html
from dash.development.base_component import Component

from study.explore.page import Page
from study.explore.sphere import callbacks, presets
from study.explore.sphere.controls import LARGEST_SEED, show_values, slider
from study.explore.sphere.measures import QUANTITIES
from study.explore.sphere.sweep import VARIABLES
from study.explore.sphere.values import values_table, words

INTRODUCTION = """\
Images and texts are unit vectors, each drawn in a cone around its own mean direction. Move the sliders to see what the
losses and metrics make of the two clouds; give terms a weight and let gradient descent move the points themselves."""
ABOUT_VIEW = """\
Drawn are three coordinates: the plane of the two mean directions and one more axis. With d above 3 that is a shadow;
the other axes are alike."""
ABOUT_PAIRS = """\
0: texts know nothing of images, as in the thesis. 1: a text lies in its cone where its image lies in the other."""
ABOUT_VALUES = """\
Expected: the exact mean over draws where there is a closed form. β > 0 rewards variance, as the thesis prints it."""
ABOUT_SWEEP = """\
The same draw, moved; everything else as the sliders say. Where a printed figure lies off its curve,
python -m gap.geometry.tables says what it follows from."""
ABOUT_DESCENT = """\
Every step moves each point against its gradient, by learning rate times the number of samples, at most 0.2 radians, and
back on to the sphere. Any other setting starts anew."""


def layout(studies: Sequence[Path]) -> Component:
    """Draw the page; its sliders begin where ``SLIDERS`` says."""
    return html.Div(
        [
            html.H1("The modality gap on a sphere"),
            html.P(INTRODUCTION),
            html.Div(
                [
                    _controls(),
                    html.Div([html.Div([_view(), _descent()]), html.Div([_values(), _sweep()])], className="columns"),
                ],
                className="beside",
            ),
            *callbacks.memory(),
        ],
        id="sphere",
    )


def _controls() -> Component:
    seed = dcc.Input(id="sphere-seed", type="number", min=0, max=LARGEST_SEED, step=1, value=0)
    return html.Form(
        [
            _group(
                "Points",
                slider("samples"),
                slider("dimension"),
                html.P(ABOUT_VIEW, className="note"),
                html.Div(
                    [
                        html.Div([html.Label("seed", htmlFor="sphere-seed"), seed], className="field"),
                        html.Button("Fresh draw", id="sphere-fresh", type="button"),
                    ],
                    className="row",
                ),
            ),
            _group("Cones", slider("theta"), slider("kappa-image"), slider("kappa-text")),
            _group(
                "Pairs",
                slider("pairs"),
                html.P(ABOUT_PAIRS, className="note"),
                dcc.Checklist(["lines between pairs"], [], id="sphere-lines"),
            ),
            _group("Loss", slider("alpha"), slider("beta"), slider("scale")),
            _choice("sphere-preset", "Settings of the thesis's table", list(presets.TABLE_COLUMNS), None),
        ],
        className="card settings",
    )


def _view() -> Component:
    return html.Section(
        [
            html.H2("Points", className="unseen"),
            _graph("sphere-view", "globe"),
            html.P(id="sphere-summary", role="status"),
        ],
        className="card watched",
    )


def _descent() -> Component:
    buttons = [
        html.Button("Play", id="sphere-play", type="button", className="main"),
        html.Button("One step", id="sphere-one", type="button"),
        html.Button("Back to the draw", id="sphere-reset", type="button"),
    ]
    return html.Section(
        [
            html.H2("Descend"),
            _choice("sphere-loss", "Loss, or weights in the table", list(presets.losses()), None),
            html.Div([slider("rate"), slider("steps")], className="columns"),
            html.Div(buttons, className="row"),
            html.P(id="sphere-message", role="alert", className="warning"),
            _graph("sphere-progress", "tall"),
            html.P(ABOUT_DESCENT, className="note"),
        ],
        id="sphere-descend",
        className="card",
    )


def _values() -> Component:
    return html.Section(
        [
            html.H2("Values"),
            html.Div(values_table(), className="scroll"),
            html.P(id="sphere-missing", role="status", className="warning"),
            html.P(ABOUT_VALUES, className="note"),
        ],
        className="card",
    )


def _sweep() -> Component:
    return html.Section(
        [
            html.H2("Sweep"),
            _choice("sphere-quantity", "Quantity", {name: words(name) for name in QUANTITIES}, "modality_gap"),
            _choice("sphere-variable", "against", {name: one.words for name, one in VARIABLES.items()}, "theta"),
            _graph("sphere-sweep", "tall"),
            html.P(ABOUT_SWEEP, className="note"),
        ],
        className="card",
    )


def _graph(identity: str, height: str) -> Component:
    # A graph that adapts to its surroundings takes its height from them.
    return html.Div(dcc.Graph(id=identity, config={"displayModeBar": False}, responsive=True), className=height)


def _group(title: str, *children: Component) -> Component:
    return html.Fieldset([html.Legend(title), *children])


def _choice(identity: str, title: str, options: Sequence[str] | dict[str, str], value: str | None) -> Component:
    box = dcc.Dropdown(id=identity, options=options, value=value, clearable=value is None, placeholder="choose")
    return html.Div([html.Label(title, htmlFor=identity), box], className="field")


def register(app: Dash, studies: Sequence[Path]) -> None:
    """Add what answers the controls."""
    show_values(app)
    callbacks.register(app)


PAGE = Page("Sphere", layout, register, needs_study=False)
