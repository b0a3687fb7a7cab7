"""The thesis's second-order term: the spread of the image-text cosines."""

from jaxtyping import Float
from torch import Tensor


def variance(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    beta: float = 1.0,
) -> Float[Tensor, ""]:
    """Reward (β > 0) or penalise (β < 0) the spread of the image-text cosines.

    −β (mean_i Var_{j≠i}(c_ij) + Var_i(c_ii)), biased variances. Range [−2β, 0] for β > 0, its
    lower end approached as n grows.

    The sign is the printed one: β > 0 *rewards* variance, although the thesis's prose speaks of minimising it. A search
    should therefore cover both signs of β.

    Needs two pairs: with one, there is no cell off the diagonal.

    Source: thesis, equations 5.3 and 5.4.

    >>> import torch
    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> variance(x, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item()
    -0.25
    """
    n = len(image_features)
    if n < 2:
        raise ValueError(f"variance needs at least 2 pairs, got {n}")
    cosines = image_features @ text_features.T
    # Row i without its diagonal cell: drop the first cell of the flat matrix and cut the rest into rows of n + 1.
    off_diagonal = cosines.flatten()[1:].view(n - 1, n + 1)[:, :-1].reshape(n, n - 1)
    spread = off_diagonal.var(dim=1, correction=0).mean() + cosines.diagonal().var(correction=0)
    return -beta * spread
