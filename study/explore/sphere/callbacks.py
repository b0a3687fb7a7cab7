"""What answers the controls of the sphere's page.

The points are a function of the settings and of the step of the descent, so that nothing is kept between requests but
what saves work. The browser asks for other settings, or for the next step, once it has all of what it asked for before:
see assets/sphere.js.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from gap.errors import UserError
from gap.losses import TERMS
from study.explore.sphere import presets
from study.explore.sphere.clouds import Cloud
from study.explore.sphere.controls import CLOUD, LARGEST_SEED, LOSS, SLIDERS, read_cloud, read_loss, start
from study.explore.sphere.descent import Moment, descent
from study.explore.sphere.expectations import expectation
from study.explore.sphere.measures import MEASURES, TOTAL, Loss, measure_all
from study.explore.sphere.progress import draw_progress
from study.explore.sphere.published import VARIABLES
from study.explore.sphere.sweep import draw_sweep
from study.explore.sphere.values import show
from study.explore.sphere.view import draw_points

# What follows the settings, each saying in the end what it shows. All but the sweep follow the descent's step as well.
FOLLOWERS = ("points", "terms", "metrics", "sweep")


def memory() -> list[Component]:
    """Give what the browser keeps: what it asked for last, what is shown of that, the clock that asks again."""
    return [
        dcc.Store(id="sphere-asked", data={"version": 0, "settings": start(), "at": 0}),
        dcc.Store(id="sphere-step", data={"step": 0, "at": 0}),
        dcc.Store(id="sphere-playing", data=False),
        dcc.Store(id="sphere-step-choices", data=SLIDERS["steps"].values),
        *(dcc.Store(id=f"sphere-shown-{follower}", data=[0, 0]) for follower in FOLLOWERS),
        dcc.Interval(id="sphere-clock", interval=100, disabled=True),
    ]


def moment(asked: Mapping[str, Any], step: Mapping[str, Any]) -> tuple[Cloud, Loss, Moment, str]:
    """Give the points of a step, and why they are not there: then it is the draw."""
    settings = asked["settings"]
    cloud, loss = read_cloud(settings), read_loss(settings)
    run = descent(cloud, loss, SLIDERS["rate"].value(settings["rate"]))
    try:
        return cloud, loss, run.at(int(step["step"])), ""
    except UserError as error:
        return cloud, loss, run.at(0), str(error)


def show_points(
    asked: Mapping[str, Any], step: Mapping[str, Any], steps: Any, lines: list[str]
) -> tuple[go.Figure, go.Figure, str, str, list[int]]:
    """Draw the points and the descent; gives a sentence on them, and a message if there can be no descent."""
    cloud, _, now, message = moment(asked, step)
    made = len(now.losses) - 1
    when = f"after step {made}" if made else "as drawn"
    sentence = f"n = {cloud.samples:,}, d = {cloud.dimension}, {when}: the means lie {now.gaps[-1]:.3g} apart."
    figure = draw_points(now.x, now.y, lines=bool(lines))
    progress = draw_progress(now, int(SLIDERS["steps"].value(steps)))
    return figure, progress, sentence, message, _shown(asked, step)


def show_terms(asked: Mapping[str, Any], step: Mapping[str, Any]) -> tuple[list[str], list[str], str, list[int]]:
    """Give the cells of the terms and their total, and why some have no value."""
    cloud, loss, now, _ = moment(asked, step)
    values, reasons = measure_all((*TERMS, TOTAL), now.x, now.y, loss)
    return *_cells((*TERMS, TOTAL), values, cloud, loss, now), "; ".join(reasons), _shown(asked, step)


def show_metrics(asked: Mapping[str, Any], step: Mapping[str, Any]) -> tuple[list[str], list[str], list[int]]:
    """Give the cells of the metrics."""
    cloud, loss, now, _ = moment(asked, step)
    values, _ = measure_all(MEASURES, now.x, now.y, loss)
    return *_cells(tuple(MEASURES), values, cloud, loss, now), _shown(asked, step)


def show_sweep(asked: Mapping[str, Any], quantity: str, variable: str) -> tuple[go.Figure, list[int]]:
    """Draw the sweep."""
    settings = asked["settings"]
    return draw_sweep(quantity, variable, read_cloud(settings), read_loss(settings)), [asked["version"]]


def _shown(asked: Mapping[str, Any], step: Mapping[str, Any]) -> list[int]:
    return [asked["version"], step["step"]]


def _cells(
    names: tuple[str, ...], values: Mapping[str, float], cloud: Cloud, loss: Loss, now: Moment
) -> tuple[list[str], list[str]]:
    """Write values and expectations; points that have moved are no draw and have none."""
    drawn = len(now.losses) == 1
    expected = [expectation(name, cloud, loss) if drawn else None for name in names]
    return [show(values.get(name)) for name in names], [show(value) for value in expected]


def choose_table(chosen: str | None) -> tuple[list[Any], list[Any], Any, Any]:
    """Give sliders, weights, quantity and variable of one of the thesis's tables."""
    if chosen not in presets.TABLE_COLUMNS:
        return [no_update] * len((*CLOUD, *LOSS)), [no_update] * len(TERMS), no_update, no_update
    table, quantity = presets.TABLE_COLUMNS[chosen]
    places = presets.table_settings(table)
    weights = presets.table_weights(table) if quantity == TOTAL else {"ce": 1}
    return (
        [places[name] for name in (*CLOUD, *LOSS)],
        [weights.get(name, 0) for name in TERMS],
        quantity,
        VARIABLES[table],
    )


def choose_loss(chosen: str | None) -> list[Any]:
    """Give the weights of a loss from the list."""
    terms = presets.losses().get(chosen or "")
    return [no_update if terms is None else float(name in terms) for name in TERMS]


def register(app: Dash) -> None:
    """Add the callbacks."""
    asked, step = Input("sphere-asked", "data"), Input("sphere-step", "data")
    weights = [Output(f"sphere-weight-{name}", "value", allow_duplicate=True) for name in TERMS]

    app.callback(
        Output("sphere-view", "figure"),
        Output("sphere-progress", "figure"),
        Output("sphere-summary", "children"),
        Output("sphere-message", "children"),
        Output("sphere-shown-points", "data"),
        inputs=(asked, step, Input("sphere-steps", "value"), Input("sphere-lines", "value")),
    )(show_points)
    app.callback(
        output=(
            *_columns((*TERMS, TOTAL)),
            Output("sphere-missing", "children"),
            Output("sphere-shown-terms", "data"),
        ),
        inputs=(asked, step),
    )(show_terms)
    app.callback(
        output=(*_columns(tuple(MEASURES)), Output("sphere-shown-metrics", "data")),
        inputs=(asked, step),
    )(show_metrics)
    app.callback(
        Output("sphere-sweep", "figure"),
        Output("sphere-shown-sweep", "data"),
        inputs=(asked, Input("sphere-quantity", "value"), Input("sphere-variable", "value")),
    )(show_sweep)
    app.callback(Output("sphere-seed", "value"), Input("sphere-fresh", "n_clicks"), prevent_initial_call=True)(
        lambda clicks: secrets.randbelow(LARGEST_SEED)
    )
    app.callback(
        output=(
            [Output(f"sphere-{name}", "value") for name in (*CLOUD, *LOSS)],
            weights,
            Output("sphere-quantity", "value"),
            Output("sphere-variable", "value"),
        ),
        inputs=[Input("sphere-preset", "value")],
        prevent_initial_call=True,
    )(choose_table)
    app.callback(output=weights, inputs=[Input("sphere-loss", "value")], prevent_initial_call=True)(choose_loss)
    app.clientside_callback(
        ClientsideFunction("sphere", "ask"),
        Output("sphere-asked", "data"),
        Output("sphere-step", "data"),
        Output("sphere-playing", "data"),
        Output("sphere-clock", "disabled"),
        Output("sphere-clock", "interval"),
        Output("sphere-play", "children"),
        Input("sphere-clock", "n_intervals"),
        *(Input(f"sphere-{button}", "n_clicks") for button in ("play", "one", "reset")),
        *(Input(f"sphere-{name}", "value") for name in start()),
        State("sphere-asked", "data"),
        State("sphere-step", "data"),
        State("sphere-playing", "data"),
        State("sphere-step-choices", "data"),
        State("sphere-steps", "value"),
        State("sphere-message", "children"),
        *(State(f"sphere-shown-{follower}", "data") for follower in FOLLOWERS),
        prevent_initial_call=True,
    )


def _columns(names: tuple[str, ...]) -> tuple[list[Output], list[Output]]:
    value, expected = (
        [Output(f"sphere-{kind}-{name}", "children") for name in names] for kind in ("value", "expected")
    )
    return value, expected
