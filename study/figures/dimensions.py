"""Which dimensions carry the gap."""

from collections.abc import Mapping

from jaxtyping import Float
from plotly.graph_objects import Figure, Scatter
from plotly.subplots import make_subplots
from torch import Tensor

from study.figures import palette, theme


def gap_by_dimension(
    image_features: Float[Tensor, "m d"], text_features: Float[Tensor, "n d"]
) -> tuple[Float[Tensor, " d"], Float[Tensor, " d"]]:
    """Give x̄_k − ȳ_k in every dimension, and the share of ‖x̄ − ȳ‖² that the largest k carry together, [d] each.

    Shares are in [0, 1], the last is 1; NaN where there is no gap.

    >>> import torch
    >>> difference, share = gap_by_dimension(torch.tensor([[0.0, 0.6, 0.8]]), torch.tensor([[1.0, 0.6, 0.8]]))
    >>> difference.tolist(), share.tolist()
    ([-1.0, 0.0, 0.0], [1.0, 1.0, 1.0])
    """
    difference = image_features.double().mean(dim=0) - text_features.double().mean(dim=0)
    squares = difference.square().sort(descending=True).values.cumsum(dim=0)
    return difference, squares / squares[-1]


def draw_dimensions(embeddings: Mapping[str, tuple[Tensor, Tensor]], height: int = 460) -> Figure:
    """Draw the size of the mean difference by dimension, largest first, and the share that the largest carry.

    ``embeddings`` maps ``before``, ``after`` or whatever they are called to image features [m d] and text features
    [n d]. Hover names the dimension and the sign. Dimensions are ordered anew for each.
    """
    known = {name: pair for name, pair in embeddings.items() if len(pair[0]) and len(pair[1])}
    if not known:
        return theme.nothing_to_draw("no embeddings were kept")
    figure = make_subplots(rows=2, cols=1, shared_xaxes=True, vertical_spacing=0.06)
    figure.update_layout(theme.new_figure(height=height).layout)
    for k, (name, pair) in enumerate(known.items()):
        difference, share = gap_by_dimension(*pair)
        order = difference.abs().argsort(descending=True, stable=True)
        largest = list(range(1, len(order) + 1))
        line = {"dash": theme.DASHES[k % len(theme.DASHES)], "color": palette.SERIES[k % len(palette.SERIES)]}
        common = {"x": largest, "mode": "lines", "line": line, "name": name, "legendgroup": name}
        hover = "%{customdata[0]}: dimension %{customdata[1]}, %{customdata[2]:+.3g}<extra></extra>"
        own = [[name, int(d), float(difference[d])] for d in order]
        sizes = difference.abs()[order].tolist()
        figure.add_trace(Scatter(y=sizes, customdata=own, hovertemplate=hover, **common), row=1, col=1)
        hover = "the largest %{x} dimensions carry %{y:.1%}<extra></extra>"
        figure.add_trace(Scatter(y=share.tolist(), hovertemplate=hover, showlegend=False, **common), row=2, col=1)
    figure.update_xaxes(title={"text": "dimensions, largest first"}, row=2, col=1)
    figure.update_yaxes(title={"text": "|x̄ₖ − ȳₖ|"}, rangemode="tozero", row=1, col=1)
    figure.update_yaxes(title={"text": "share of gap²"}, tickformat=".0%", range=[0, 1.04], row=2, col=1)
    return figure
