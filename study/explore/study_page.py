"""A study, or several: the front, and what stands behind each of its points; also while it runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from dash import ALL, Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from gap.errors import UserError
from study.explore.page import Page
from study.explore.trials.choice import chosen, clicked, first_choice, options
from study.explore.trials.cosines import histograms
from study.explore.trials.gallery import gallery
from study.explore.trials.geometry import geometry
from study.explore.trials.metrics import curves, metric_options, usual_metrics
from study.explore.trials.overview import front_figure, front_table, growth_figure, parallel_figure, status
from study.explore.trials.page import layout
from study.explore.trials.parameters import parameters_table
from study.explore.trials.snapshot import Snapshot, snapshots, stamps
from study.explore.trials.view import keep_view


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


def first_choices(
    shots: Sequence[Snapshot], a: str | None, b: str | None, metrics: Sequence[str] | None
) -> tuple[Any, Any]:
    """Choose a trial and metrics where nothing is chosen, as on a page that was opened before the first trial."""
    trial = no_update if a or b else first_choice(shots)
    return trial, no_update if metrics else usual_metrics(shots)


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

    @app.callback(Output("study-front", "figure"), trial_a, trial_b, seen, State("study-front", "figure"))
    def show_front(a: str | None, b: str | None, _: object, shown: dict[str, Any] | None) -> Any:
        shots = readable(studies)
        return keep_view(front_figure(shots, chosen(shots, a, b)), shown)

    @app.callback(
        Output("study-trial-a", "options"),
        Output("study-trial-b", "options"),
        Output("study-metrics", "options"),
        Output("study-front-table", "children"),
        Output("study-growth", "figure"),
        Output({"type": "study-parallel", "study": ALL}, "figure"),
        seen,
        State("study-growth", "figure"),
        prevent_initial_call=True,
    )
    def show_new_trials(_: object, growth: dict[str, Any] | None) -> tuple[Any, ...]:
        shots = readable(studies)
        trials = options(shots)
        lines = [parallel_figure(shot) for shot in shots]
        return trials, trials, metric_options(shots), front_table(shots), keep_view(growth_figure(shots), growth), lines

    @app.callback(
        Output("study-trial-a", "value", allow_duplicate=True),
        Output("study-metrics", "value"),
        seen,
        State("study-trial-a", "value"),
        State("study-trial-b", "value"),
        State("study-metrics", "value"),
        prevent_initial_call=True,
    )
    def begin(_: object, a: str | None, b: str | None, metrics: list[str] | None) -> tuple[Any, Any]:
        return first_choices(readable(studies), a, b, metrics)

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

    @app.callback(
        Output("study-curves", "children"),
        trial_a,
        trial_b,
        Input("study-metrics", "value"),
        seen,
        State({"type": "study-curve", "metric": ALL}, "id"),
        State({"type": "study-curve", "metric": ALL}, "figure"),
    )
    def show_curves(
        a: str | None, b: str | None, metrics: list[str] | None, _: object, names: list[Any], figures: list[Any]
    ) -> list[Component]:
        shown = {name["metric"]: figure for name, figure in zip(names, figures, strict=True)}
        return curves(chosen(readable(studies), a, b), metrics or [], shown)

    @app.callback(Output("study-histograms", "children"), trial_a, trial_b, seen)
    def show_histograms(a: str | None, b: str | None, _: object) -> list[Component]:
        return histograms(chosen(readable(studies), a, b))

    @app.callback(Output("study-map", "children"), trial_a, trial_b, seen)
    def show_maps(a: str | None, b: str | None, _: object) -> list[Component]:
        return geometry(chosen(readable(studies), a, b))

    @app.callback(
        Output("study-gallery", "children"), trial_a, trial_b, Input("study-other-captions", "n_clicks"), seen
    )
    def show_gallery(a: str | None, b: str | None, seed: int | None, _: object) -> list[Component]:
        return gallery(chosen(readable(studies), a, b), seed or 0)


PAGE = Page("Study", layout, register)
