"""The front of one study or of several: every trial, the model before training, post-hoc maps of both."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import plotly.graph_objects as go

from study.choice import knee
from study.figures import groups as kinds
from study.figures import palette, theme
from study.figures.axes import Plane, plane_of
from study.figures.hover import describe, plain
from study.figures.reruns import rerun_traces
from study.finished import Finished
from study.open_trial import BASELINE
from study.posthoc_series import BEATEN, BEATEN_BY, OF_TRIAL, UNTUNED, by_series

NOT_DRAWN = ", not drawn"
BEFORE = "before training"


@dataclass(frozen=True)
class Mark:
    """How a kind of point looks."""

    symbol: str
    colour: str
    size: int


MARKS = {
    BEFORE: Mark("x", palette.BASELINE, 13),
    kinds.THESIS: Mark("square", "#e69f00", 11),
    kinds.SEARCH: Mark("circle", palette.FRONT, 10),
    kinds.STOPPED: Mark("triangle-up-open", palette.STOPPED, 10),
    UNTUNED: Mark("diamond-tall-open", palette.POSTHOC, 9),
    OF_TRIAL: Mark("pentagon-open", palette.POSTHOC_TRIAL, 10),
}


def draw_front(studies: Sequence[Finished], names: Sequence[str] = (), height: int = 520) -> go.Figure:
    """Draw the first objective upwards and the second across; one objective alone stands over the trials' names.

    Shapes tell kinds of points apart: the model before training, the thesis's combinations, the search's trials, those
    stopped early (hollow), post-hoc maps of the untuned model and those of a trial, a series each. Complete trials that
    are not on the front are pale. A step line is the front, a ring its knee, crosses the means of re-runs, with their
    standard errors where there are two or more. Of several studies, each has a colour, a dash and
    marks with a dot or without. ``customdata`` of a trial's point is ``[study, trial_id]``. With three objectives or
    more, a point of the front may look beaten, and no line is drawn.

    ``names`` are what the studies are called, their directories' names if there are none. Studies have the first one's
    objectives; what another does not measure is not drawn.
    """
    if not studies:
        return theme.nothing_to_draw("no study is open")
    plane = plane_of(studies[0].objectives)
    many = len(studies) > 1
    figure = theme.new_figure(height=height, xaxis=plane.across_axis(studies), yaxis=plane.up_axis())
    for number, study in enumerate(studies):
        colour = study_colour(number) if many else None
        name = names[number] if names else study.directory.name
        traces = _study_traces(study, name, plane, number, colour)
        figure.add_traces(_one_entry(traces, name, number) if many else traces)
    if not any(len(trace.x) and trace.x[0] is not None for trace in figure.data):
        return theme.nothing_to_draw("no trial has ended yet")
    if many:
        seen = [str(trace.name) for trace in figure.data]
        shown = {kind: "post-hoc, a trial" if kind == OF_TRIAL else kind for kind in MARKS}
        figure.add_traces(
            [_entry(shown[kind], MARKS[kind]) for kind in MARKS if any(_is_of(kind, name) for name in seen)]
        )
    return figure


def study_colour(number: int) -> str:
    """Give a study's colour."""
    return palette.SERIES[number % len(palette.SERIES)]


def _one_entry(traces: Sequence[Any], study: str, number: int) -> list[Any]:
    """Let the legend name a study once, instead of each of its kinds of points."""
    dash, colour = theme.DASHES[number % len(theme.DASHES)], study_colour(number)
    for trace in traces:
        trace.legendgroup, trace.showlegend = str(number), trace.name.endswith(NOT_DRAWN)
    symbol = "circle-dot" if number % 2 else "circle"
    mark: dict[str, Any] = {"line": {"dash": dash, "color": colour}, "marker": {"symbol": symbol, "size": 10}}
    mark |= {"name": plain(study), "legendgroup": str(number)}
    return [go.Scatter(x=[None], y=[None], mode="lines+markers", **mark), *traces]


def _is_of(kind: str, series: str) -> bool:
    return series == kind or (kind == OF_TRIAL and series.startswith(f"{OF_TRIAL} "))


def _entry(kind: str, mark: Mark) -> Any:
    """Explain a shape in the legend, in no study's colour."""
    marker = {"symbol": mark.symbol, "color": palette.OTHER, "size": mark.size}
    return go.Scatter(x=[None], y=[None], mode="markers", name=kind, marker=marker, hoverinfo="skip")


def _study_traces(study: Finished, name: str, plane: Plane, number: int, colour: str | None) -> list[Any]:
    drawn = plane.drawn(study.trials)
    found = np.array(kinds.groups(drawn, study.about["spec"]), dtype=object)
    on_front = drawn["trial_id"].isin(study.front["trial_id"]).to_numpy()
    points = _Points(study, name, plane, number, colour)
    front = plane.drawn(study.front)
    traces = [*_step_line(front, plane, number, colour), *rerun_traces(study, name, plane, colour or palette.FRONT)]
    for kind in (kinds.SEARCH, kinds.STOPPED, kinds.THESIS):
        traces += points.of(kind, drawn[found == kind], on_front[found == kind])
    before = pd.DataFrame([{"trial_id": BASELINE, **study.baseline}])
    for kind, rows in {BEFORE: plane.drawn(before), **by_series(plane.drawn(study.posthoc))}.items():
        traces += points.of(kind, rows, np.ones(len(rows), dtype=bool))
    traces += _knee(study, front, plane)
    return [*traces, *_left_out(study, drawn)]


@dataclass(frozen=True)
class _Points:
    """Draws points of one study."""

    study: Finished
    name: str
    plane: Plane
    number: int
    colour: str | None

    def of(self, kind: str, rows: pd.DataFrame, strong: npt.NDArray[np.bool_]) -> list[Any]:
        """Draw the rows of one kind, those that others beat pale; nothing where there are none."""
        if not len(rows):
            return []
        mark = next(mark for known, mark in MARKS.items() if _is_of(known, kind))
        posthoc = kind == UNTUNED or _is_of(OF_TRIAL, kind)
        of_trials = ["terms", *self.study.searched]
        of_kind = ["method", "strength", BEATEN, BEATEN_BY] if posthoc else [] if kind == BEFORE else of_trials
        names = list(dict.fromkeys([*self.study.objectives, *of_kind]))
        title = f"{self.name} · " if self.colour else ""
        titles = [f"{title}{kind}" if posthoc else f"{title}{trial}: {kind}" for trial in rows["trial_id"]]
        x, y = self.plane.coordinates(rows)
        return [
            go.Scatter(
                x=x,
                y=y,
                mode="markers",
                name=kind,
                marker={
                    # A second study's marks have a dot, so that they do not differ in colour alone.
                    "symbol": f"{mark.symbol}-dot" if self.number % 2 else mark.symbol,
                    "color": self.colour or mark.colour,
                    "size": [mark.size if one else mark.size - 2 for one in strong],
                    "opacity": [1.0 if one or kind == kinds.STOPPED else 0.45 for one in strong],
                    "line": {"width": 1.5 if "open" in mark.symbol else 0},
                },
                customdata=[[self.name, trial] for trial in rows["trial_id"]],
                hoverinfo="text",
                hovertext=[
                    describe(heading, row, names) for heading, row in zip(titles, rows.to_dict("records"), strict=True)
                ],
            )
        ]


def _step_line(front: pd.DataFrame, plane: Plane, number: int, colour: str | None) -> list[Any]:
    if len(plane.objectives) != 2 or not len(front):
        return []
    ordered = front.sort_values([plane.across, plane.up], kind="stable")
    line = {
        "shape": "hv" if plane.objectives[plane.across] == "min" else "vh",
        "dash": theme.DASHES[number % len(theme.DASHES)],
        "color": colour or palette.FRONT,
        "width": 1.5,
    }
    x, y = plane.coordinates(ordered)
    return [go.Scatter(x=x, y=y, mode="lines", name="Pareto front", line=line, hoverinfo="skip")]


def _knee(study: Finished, front: pd.DataFrame, plane: Plane) -> list[Any]:
    if not len(front):
        return []
    best = front[front["trial_id"] == knee(front, study.objectives)]
    x, y = plane.coordinates(best)
    ring = {"symbol": "circle-open", "size": 22, "color": palette.OTHER, "line": {"width": 2}}
    return [go.Scatter(x=x, y=y, mode="markers", name="knee", marker=ring, hoverinfo="skip")]


def _left_out(study: Finished, drawn: pd.DataFrame) -> list[Any]:
    """Count in the legend the trials that have no place in the figure."""
    failed = int((study.trials["state"] == "FAIL").sum())
    rest = len(study.trials) - len(drawn) - failed
    counts = {"failed": failed, "without a finite value": rest}
    mark = {"symbol": "line-ew-open", "color": palette.OTHER}
    return [
        go.Scatter(
            x=[None], y=[None], mode="markers", name=f"{count} {words}{NOT_DRAWN}", marker=mark, hoverinfo="skip"
        )
        for words, count in counts.items()
        if count
    ]
