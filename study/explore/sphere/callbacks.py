"""What answers the controls of the sphere's page.

The points are a function of the settings and of the step of the descent, so that nothing is kept between requests but
what saves work. The browser counts the steps and asks for the next once all that shows the last has come.
"""

import secrets
from collections.abc import Mapping
from typing import Any

import plotly.graph_objects as go
from dash import Dash, Input, Output, State, dcc, no_update
from dash.development.base_component import Component

from gap.errors import UserError
from gap.losses import TERMS
from study.explore.sphere import presets
from study.explore.sphere.clouds import Cloud
from study.explore.sphere.controls import CLOUD, LARGEST_SEED, LOSS, SLIDERS, inputs, read_cloud, read_loss
from study.explore.sphere.descent import Moment, descent
from study.explore.sphere.expectations import expectation
from study.explore.sphere.measures import MEASURES, TOTAL, Loss, measure_all
from study.explore.sphere.progress import draw_progress
from study.explore.sphere.published import VARIABLES
from study.explore.sphere.sweep import draw_sweep
from study.explore.sphere.values import show
from study.explore.sphere.view import draw_points

TICK = 120  # milliseconds between steps at most as fast; with reduced motion ten steps come at once, every second
SHOWN = ("points", "terms", "metrics")  # what follows every step, each with the step that it shows
ADVANCE = """
function (...values) {
  const [step, paused, steps, message, ...shown] = values.slice(%d);
  const choices = %s;
  const cause = dash_clientside.callback_context.triggered.map(one => one.prop_id.split(".")[0]);
  const last = choices[Number(steps)] ?? choices[0];
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const still = dash_clientside.no_update;
  const answer = (next, stop) => [next, stop, stop ? "Play" : "Pause", calm ? 1000 : %d];
  if (cause.includes("sphere-play")) {
    const over = step >= last;
    return answer(paused && over ? 0 : still, !paused);
  }
  if (cause.includes("sphere-one")) return answer(step + 1, true);
  if (cause.includes("sphere-clock")) {
    if (message || step >= last) return answer(still, true);
    if (shown.some(at => at !== step)) return answer(still, false);
    const next = Math.min(step + (calm ? 10 : 1), last);
    return answer(next, next >= last);
  }
  return answer(0, true);
}"""


def memory() -> list[Component]:
    """Give what the browser keeps: the step that it asks for, the steps that are shown, the clock."""
    return [
        dcc.Store(id="sphere-step", data=0),
        *(dcc.Store(id=f"sphere-shown-{part}", data=0) for part in SHOWN),
        dcc.Interval(id="sphere-clock", interval=TICK, disabled=True),
    ]


def moment(places: Mapping[str, Any], rate: Any, step: Any) -> tuple[Cloud, Loss, Moment, str]:
    """Give the points of a step, and why they are not there: then it is the draw."""
    cloud, loss = read_cloud(places), read_loss(places)
    run = descent(cloud, loss, SLIDERS["rate"].value(rate))
    try:
        return cloud, loss, run.at(int(step or 0)), ""
    except UserError as error:
        return cloud, loss, run.at(0), str(error)


def show_points(
    places: Mapping[str, Any], rate: Any, step: int, steps: Any, lines: list[str]
) -> tuple[go.Figure, go.Figure, str, str, int]:
    """Draw the points and the descent; gives a sentence on them, and a message if there can be no descent."""
    cloud, _, now, message = moment(places, rate, step)
    when = f"after {step} steps of descent" if len(now.losses) > 1 else "as drawn"
    sentence = (
        f"{cloud.samples:,} images and as many texts in {cloud.dimension} dimensions, {when}: "
        f"the means lie {now.gaps[-1]:.3g} apart."
    )
    figure = draw_points(now.x, now.y, lines=bool(lines))
    return figure, draw_progress(now, int(SLIDERS["steps"].value(steps))), sentence, message, step


def show_terms(places: Mapping[str, Any], rate: Any, step: int) -> tuple[list[str], list[str], str, int]:
    """Give the cells of the terms and their total, and why some have no value."""
    cloud, loss, now, _ = moment(places, rate, step)
    values, reasons = measure_all((*TERMS, TOTAL), now.x, now.y, loss)
    return *_cells((*TERMS, TOTAL), values, cloud, loss, now), "; ".join(reasons), step


def show_metrics(places: Mapping[str, Any], rate: Any, step: int) -> tuple[list[str], list[str], int]:
    """Give the cells of the metrics."""
    cloud, loss, now, _ = moment(places, rate, step)
    values, _ = measure_all(MEASURES, now.x, now.y, loss)
    return *_cells(tuple(MEASURES), values, cloud, loss, now), step


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
    read, rate, step = inputs(), Input("sphere-rate", "value"), Input("sphere-step", "data")
    weights = [Output(f"sphere-weight-{name}", "value", allow_duplicate=True) for name in TERMS]

    app.callback(
        Output("sphere-view", "figure"),
        Output("sphere-progress", "figure"),
        Output("sphere-summary", "children"),
        Output("sphere-message", "children"),
        Output("sphere-shown-points", "data"),
        inputs=(read, rate, step, Input("sphere-steps", "value"), Input("sphere-lines", "value")),
    )(show_points)
    app.callback(
        output=(
            *_columns((*TERMS, TOTAL)),
            Output("sphere-missing", "children"),
            Output("sphere-shown-terms", "data"),
        ),
        inputs=(read, rate, step),
    )(show_terms)
    app.callback(
        output=(*_columns(tuple(MEASURES)), Output("sphere-shown-metrics", "data")), inputs=(read, rate, step)
    )(show_metrics)

    @app.callback(
        Output("sphere-sweep", "figure"),
        inputs=(Input("sphere-quantity", "value"), Input("sphere-variable", "value"), read),
    )
    def show_sweep(quantity: str, variable: str, places: Mapping[str, Any]) -> go.Figure:
        return draw_sweep(quantity, variable, read_cloud(places), read_loss(places))

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
    state = [
        State("sphere-step", "data"),
        State("sphere-clock", "disabled"),
        State("sphere-steps", "value"),
        State("sphere-message", "children"),
        *(State(f"sphere-shown-{part}", "data") for part in SHOWN),
    ]
    settings = [read["seed"], *read["weights"], *(read[name.replace("-", "_")] for name in (*CLOUD, *LOSS)), rate]
    app.clientside_callback(
        ADVANCE % (-len(state), list(SLIDERS["steps"].values), TICK),
        Output("sphere-step", "data"),
        Output("sphere-clock", "disabled"),
        Output("sphere-play", "children"),
        Output("sphere-clock", "interval"),
        Input("sphere-clock", "n_intervals"),
        *(Input(f"sphere-{button}", "n_clicks") for button in ("play", "one", "reset")),
        *settings,
        *state,
        prevent_initial_call=True,
    )


def _columns(names: tuple[str, ...]) -> tuple[list[Output], list[Output]]:
    value, expected = (
        [Output(f"sphere-{kind}-{name}", "children") for name in names] for kind in ("value", "expected")
    )
    return value, expected
