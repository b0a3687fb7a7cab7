"""The points in three dimensions.

What is drawn are the first three coordinates: the plane of the two mean directions, the first axis upwards, and one
more axis. In R³ that is everything. In higher dimensions it is the shadow on a ball: all other axes are alike in a
draw, so any one shows as much; points lie inside, the nearer the middle the more of them is elsewhere.
"""

import math

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
import torch
from jaxtyping import Float
from torch import Tensor

from study.figures import theme
from study.figures.palette import IMAGE, OTHER, PAIR, TEXT

AXES = [1, 2, 0]  # across, into the picture, upwards
EYE = {"x": 0.21, "y": -1.36, "z": 0.46}
MARGIN = {"l": 0, "r": 0, "t": 0, "b": 30}
MARKERS = {"images": (IMAGE, "circle"), "texts": (TEXT, "diamond")}
Points = Float[Tensor, "n d"]


def draw_points(x: Points, y: Points, *, lines: bool = False) -> go.Figure:
    """Draw both clouds, their means and the vector between them; ``lines`` join the halves of the pairs."""
    shadows = [_shadow(points) for points in (x, y)]
    means = [shadow.mean(axis=0) for shadow in shadows]
    traces = [_globe()]
    if lines:
        traces.append(_joined(*shadows))
    for (name, (colour, symbol)), shadow in zip(MARKERS.items(), shadows, strict=True):
        # Borders are the ground's colour on neither theme: opacity keeps a dense cloud legible.
        marker = {"size": 3.5, "color": colour, "symbol": symbol, "opacity": 0.75}
        traces.append(_scatter(shadow, name=name, mode="markers", marker=marker, hoverinfo="skip"))
    gap = float(torch.linalg.vector_norm(x.mean(dim=0) - y.mean(dim=0)))
    traces.append(
        _scatter(
            np.stack(means), name="gap", mode="lines", line={"color": PAIR, "width": 8}, hovertemplate=f"gap {gap:.3g}"
        )
    )
    for (name, (colour, symbol)), mean in zip(MARKERS.items(), means, strict=True):
        words = f"mean of {name}"
        line = {"color": colour, "width": 3}
        marker = {"size": [0, 8], "color": colour, "symbol": symbol, "line": {"color": "#ffffff", "width": 1}}
        traces.append(
            _scatter(
                np.stack([np.zeros(3), mean]),
                name=words,
                mode="lines+markers",
                line=line,
                marker=marker,
                showlegend=False,
                hovertemplate=f"{words}, length {np.linalg.norm(mean):.3g}<extra></extra>",
            )
        )
    hidden = {"visible": False, "range": [-1.05, 1.05]}
    scene = {
        "xaxis": hidden,
        "yaxis": hidden,
        "zaxis": hidden,
        "aspectmode": "cube",
        "camera": {"eye": EYE, "center": {"x": 0, "y": 0, "z": 0}},
        "uirevision": theme.UIREVISION,
    }
    legend = {"y": 0, "yanchor": "top", "itemsizing": "constant"}
    return theme.new_figure(*traces, scene=scene, margin=MARGIN, legend=legend)


def _shadow(points: Points) -> npt.NDArray[np.float32]:
    shadow: npt.NDArray[np.float32] = points[:, AXES].float().numpy()
    return shadow


def _scatter(points: npt.NDArray[np.floating], **rest: object) -> go.Scatter3d:
    across, into, up = points.T
    return go.Scatter3d(x=across, y=into, z=up, **rest)


def _joined(images: npt.NDArray[np.float32], texts: npt.NDArray[np.float32]) -> go.Scatter3d:
    """Draw a line within each pair; NaN lifts the pen."""
    lifted = np.full_like(images, np.nan)
    path = np.stack([images, texts, lifted], axis=1).reshape(-1, 3)
    line = {"color": OTHER, "width": 1}
    return _scatter(path, name="pairs", mode="lines", line=line, opacity=0.45, hoverinfo="skip")


def _globe() -> go.Scatter3d:
    """Draw the sphere as circles of latitude and longitude."""
    turn = np.linspace(0, 2 * math.pi, 49)
    rings = [
        np.stack([math.cos(up) * np.cos(turn), math.cos(up) * np.sin(turn), np.full_like(turn, math.sin(up))], axis=1)
        for up in np.radians([-60, -30, 0, 30, 60])
    ]
    rings += [
        np.stack([math.cos(side) * np.sin(turn), math.sin(side) * np.sin(turn), np.cos(turn)], axis=1)
        for side in np.radians(range(0, 180, 30))
    ]
    path = np.concatenate([piece for ring in rings for piece in (ring, np.full((1, 3), np.nan))]).astype(np.float32)
    line = {"color": OTHER, "width": 1}
    return _scatter(path, mode="lines", line=line, opacity=0.35, hoverinfo="skip", showlegend=False)
