"""Where images and texts lie, in the plane that shows most of them: the thesis's figures 3.1 and 3.3."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from plotly.graph_objects import Figure, Scatter
from torch import Tensor

from study.figures import palette, theme
from study.figures.hover import plain

AT_MOST = 200


def principal_plane(points: Float[Tensor, "n d"]) -> tuple[Float[Tensor, "d 2"], Float[Tensor, " 2"]]:
    """Give the first two principal directions of ``points``, unit columns, and the shares of the variance they hold.

    Shares are in [0, 1], 0 where points do not vary. Signs are those that make each direction's largest entry positive.

    >>> points = torch.tensor([[2.0, 0.0], [-2.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    >>> directions, shares = principal_plane(points)
    >>> directions.tolist(), shares.tolist()
    ([[1.0, 0.0], [0.0, 1.0]], [0.8, 0.2])
    """
    centred = points.double() - points.double().mean(dim=0)
    values, vectors = torch.linalg.eigh(centred.T @ centred)
    directions = vectors[:, -2:].flip(1)
    largest = directions.gather(0, directions.abs().argmax(dim=0, keepdim=True))
    total = values.sum()
    shares = values[-2:].flip(0).clamp(min=0) / total if total > 0 else torch.zeros(2, dtype=values.dtype)
    return directions * torch.where(largest < 0, -1.0, 1.0), shares


def draw_embedding_map(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    captions: Sequence[str],
    *,
    at_most: int = AT_MOST,
    seed: int = 0,
    height: int = 480,
) -> Figure:
    """Draw pairs of images and texts on their first two principal components, with a line between the two of a pair.

    Components are those of all images and texts together, of this model: those of two models are different planes. Row
    i of each is a pair, with ``captions[i]``. Of more than ``at_most`` pairs a seeded sample is drawn; the components
    are still those of all. ``customdata`` of a point is its row. Needs d ≥ 2.
    """
    if not len(image_features):
        return theme.nothing_to_draw("no pairs")
    points = torch.cat([image_features, text_features]).double()
    if not points.isfinite().all():
        return theme.nothing_to_draw("the embeddings are not finite")
    directions, shares = principal_plane(points)
    n = len(image_features)
    drawn = np.sort(np.random.default_rng(seed).permutation(n)[:at_most])
    places = ((points - points.mean(dim=0)) @ directions).numpy()
    images, texts = places[:n][drawn], places[n:][drawn]
    ties = np.stack([images, texts, np.full_like(texts, np.nan)], axis=1).reshape(-1, 2)
    lines = Scatter(
        x=[None if np.isnan(x) else x for x in ties[:, 0]],
        y=[None if np.isnan(y) else y for y in ties[:, 1]],
        mode="lines",
        line={"color": palette.OTHER, "width": 0.6},
        name="pairs",
        hoverinfo="skip",
    )
    hover = [plain(captions[row]) for row in drawn]
    marks = [
        Scatter(
            x=at[:, 0].tolist(),
            y=at[:, 1].tolist(),
            mode="markers",
            name=name,
            marker={"symbol": symbol, "color": colour, "size": 8},
            customdata=drawn.tolist(),
            hoverinfo="text",
            hovertext=hover,
        )
        for name, symbol, colour, at in (
            ("images", "circle", palette.IMAGE, images),
            ("texts", "diamond-open", palette.TEXT, texts),
        )
    ]
    titles = [f"{nth} component ({share:.0%})" for nth, share in zip(("first", "second"), shares.tolist(), strict=True)]
    axes = {
        "xaxis": {"title": {"text": titles[0]}},
        "yaxis": {"title": {"text": titles[1]}, "scaleanchor": "x"},
    }
    return theme.new_figure(lines, *marks, height=height, **axes)
