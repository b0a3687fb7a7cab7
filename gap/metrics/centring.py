"""Rows without their mean, in double: what every measure of spread starts from."""

import torch
from jaxtyping import Float
from torch import Tensor


def resolution(dtype: torch.dtype) -> float:
    """Return the largest distance between unit vectors that rounding to a type can make out of none.

    4u with u the type's unit roundoff: a vector that was normalised and stored lies within 2u of its true place.

    >>> resolution(torch.float32) == 2**-22
    True
    """
    return 2 * torch.finfo(dtype).eps


def centred(features: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Take the mean from every row, in float64; give zeros where all rows are one as far as their type tells.

    x_i − x̄, and 0 if the root of mean ‖x_i − x̄‖² is at most ``resolution`` times that of mean ‖x_i‖²: what is left of
    rows that should be equal is the rounding of their numbers, and ratios of it would be noise. The first row is taken
    away before the mean is formed, so equal rows leave exactly nothing. Raises ``ValueError`` without rows.

    >>> centred(torch.tensor([[0.1, 0.7]] * 3)).abs().max().item()
    0.0
    """
    if not len(features):
        raise ValueError("expected at least 1 row, got 0")
    x = features.double()
    rest = x - x[0]
    rest = rest - rest.mean(dim=0)
    floor = resolution(features.dtype) ** 2 * x.square().sum()
    return torch.where(rest.square().sum() <= floor, torch.zeros_like(rest), rest)
