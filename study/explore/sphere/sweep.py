"""One quantity against the angle, the concentration or the strength of the pairs, everything else as it is."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import plotly.graph_objects as go
import torch

from study.explore.sphere.clouds import Cloud, draw
from study.explore.sphere.expectations import expectation
from study.explore.sphere.measures import Loss, measure
from study.explore.sphere.published import describe, printed, tables_with
from study.explore.sphere.values import words
from study.figures import theme
from study.figures.palette import BASELINE, IMAGE, OTHER


@dataclass(frozen=True)
class Variable:
    """``at`` gives the cloud with another value, ``now`` the value of a cloud, None if it has two."""

    words: str
    values: tuple[float, ...]
    at: Callable[[Cloud, float], Cloud]
    now: Callable[[Cloud], float | None]
    log: bool = False


VARIABLES: dict[str, Variable] = {
    "theta": Variable(
        "angle θ (degrees)",
        tuple(15.0 * k for k in range(13)),
        lambda cloud, value: replace(cloud, theta=value),
        lambda cloud: cloud.theta,
    ),
    "kappa": Variable(
        "concentration κ of both",
        (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1e3, 2e3, 5e3, 1e4),
        lambda cloud, value: replace(cloud, kappa_image=value, kappa_text=value),
        lambda cloud: cloud.kappa_image if cloud.kappa_image == cloud.kappa_text else None,
        log=True,
    ),
    "pairs": Variable(
        "strength of the pairs",
        tuple(k / 10 for k in range(11)),
        lambda cloud, value: replace(cloud, pairs=value),
        lambda cloud: cloud.pairs,
    ),
}


@torch.no_grad()
def sweep(quantity: str, variable: str, cloud: Cloud, loss: Loss) -> tuple[list[float], list[float | None]]:
    """Measure a quantity at every value of a variable, on the same draw; gives the values and the expectations.

    Raises ``ValueError`` where the quantity needs more rows.

    >>> values, _ = sweep("modality_gap", "theta", Cloud(samples=50, kappa_image=1e4, kappa_text=1e4), Loss())
    >>> round(values[-1], 2)
    2.0
    """
    clouds = [VARIABLES[variable].at(cloud, value) for value in VARIABLES[variable].values]
    return (
        [measure(quantity, *draw(one), loss) for one in clouds],
        [expectation(quantity, one, loss) for one in clouds],
    )


def draw_sweep(quantity: str, variable: str, cloud: Cloud, loss: Loss) -> go.Figure:
    """Draw a sweep, its expectation dashed, the thesis's printed figures over it, and where the sliders stand."""
    varied = VARIABLES[variable]
    try:
        values, exact = sweep(quantity, variable, cloud, loss)
    except ValueError as error:
        return theme.nothing_to_draw(str(error))
    where, line = list(varied.values), {"color": IMAGE, "width": 2}
    traces = [go.Scatter(x=where, y=values, name="this draw", mode="lines+markers", line=line, marker={"size": 6})]
    if any(value is not None for value in exact):
        dashed = {"color": OTHER, "width": 2, "dash": "dash"}
        traces.append(go.Scatter(x=where, y=exact, name="expected", mode="lines", line=dashed))
    weighted = {name for name, weight in loss.weights if weight}
    for table, column in tables_with(quantity, variable, weighted) if cloud.dimension == 3 else ():
        marker = {"symbol": "x", "size": 10, "color": BASELINE}
        x, y = printed(table, column)
        traces.append(go.Scatter(x=x, y=y, name=f"thesis, {describe(table)}", mode="markers", marker=marker))
    figure = theme.new_figure(
        *traces,
        showlegend=True,
        xaxis={"title": {"text": varied.words}, "type": "log" if varied.log else "linear"},
        yaxis={"title": {"text": words(quantity)}},
        uirevision=f"{quantity} {variable}",
    )
    now = varied.now(cloud)
    if now is not None and (now > 0 or not varied.log):
        figure.add_vline(x=now, line={"color": OTHER, "width": 1, "dash": "dot"})
    if variable == "theta":
        figure.update_xaxes(tickvals=list(range(0, 181, 45)))
    return figure
