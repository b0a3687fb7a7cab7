"""What every method gives back: one map for images and one for texts, each row by itself."""

from collections.abc import Callable
from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

Map = Callable[[Float[Tensor, "n d"]], Float[Tensor, "n d"]]


@dataclass(frozen=True)
class Maps:
    """A fitted method; what a row becomes does not depend on the rows beside it."""

    image: Map
    text: Map


def unit(features: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Put rows back on the sphere; the origin stays.

    >>> import torch
    >>> unit(torch.tensor([[3.0, 4.0], [0.0, 0.0]]))
    tensor([[0.6000, 0.8000],
            [0.0000, 0.0000]])
    """
    return F.normalize(features, dim=1)


def mean_of(features: Float[Tensor, "n d"]) -> Float[Tensor, " d"]:
    """Give the mean row. Raises ``ValueError`` without rows.

    >>> import torch
    >>> mean_of(torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
    tensor([0.5000, 0.5000])
    """
    if len(features) == 0:
        raise ValueError("a method needs at least 1 training row, got 0")
    return features.mean(dim=0)
