"""What the thesis's tables 5.1-5.4 print: each figure of two samples on the sphere, and its exact expectation.

``sampled`` is the printed formula with the normalisation of the tables: the mean over all n² cells, the diagonal left
out, both modalities added. ``exact`` is what it is on average, None where no closed form is at hand. Where a printed
column does not follow from its formula, a second column, ``<name>*``, is what the figures do follow from.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gap.geometry.expectation import expected
from gap.geometry.power_spherical import mean_resultant

Points = Float[Tensor, "n 3"]


@dataclass(frozen=True)
class Column:
    """A figure of two samples, and its expectation for n rows, an angle in radians and a concentration."""

    sampled: Callable[[Points, Points], float]
    exact: Callable[[int, float, float], float]


def _off_diagonal(cosines: Float[Tensor, "n n"]) -> Float[Tensor, " _"]:
    return cosines[~torch.eye(len(cosines), dtype=torch.bool)]


def _variance(theta: float, kappa: float) -> float:
    return expected(np.square, theta, kappa, kappa) - expected(lambda c: c, theta, kappa, kappa) ** 2


def _uniformity(x: Points, y: Points) -> float:
    halves = [(4 * _off_diagonal(z @ z.T) - 4).exp().mean().log().item() for z in (x, y)]
    return sum(halves) / 2


def _gap(x: Points, y: Points) -> float:
    return math.hypot(*(x.mean(dim=0) - y.mean(dim=0)).tolist())


def _intra(x: Points, y: Points) -> float:
    return sum(_off_diagonal(z @ z.T).abs().sum().item() for z in (x, y)) / len(x) ** 2


def _inter(x: Points, y: Points) -> float:
    return 2 * _off_diagonal(x @ y.T).abs().sum().item() / len(x) ** 2


def _inter_of_sum(x: Points, y: Points) -> float:
    return 2 * abs(_off_diagonal(x @ y.T).sum().item()) / len(x) ** 2


def _cyclip(x: Points, y: Points) -> float:
    c = x @ y.T
    total: Tensor = (c - c.T).square().sum() + (x @ x.T - y @ y.T).square().sum()
    return total.item() / len(x)


def _cyclip_exact(n: int, theta: float, kappa: float) -> float:
    return 2 * (n - 1) * (_variance(theta, kappa) + _variance(0.0, kappa))


def _ce_and_cyclip(x: Points, y: Points) -> float:
    c = x @ y.T
    labels = torch.arange(len(c))
    ce = (torch.nn.functional.cross_entropy(c, labels) + torch.nn.functional.cross_entropy(c.T, labels)) / 2
    return ce.item() + _cyclip(x, y) / len(x)


def _printed_variance(x: Points, y: Points) -> float:
    c = x @ y.T
    rows = _off_diagonal(c).view(len(c), -1).var(dim=1, correction=0).mean()
    return -(rows + c.diagonal().var(correction=0)).item()


def _variance_exact(n: int, theta: float, kappa: float) -> float:
    # Within a row x is fixed: E Var(c|x) = E c² − E <x, E y>², and <x, E y> = ρ <x, μ>.
    towards_axis = mean_resultant(3, kappa) ** 2 * expected(np.square, theta, kappa, math.inf)
    within = expected(np.square, theta, kappa, kappa) - towards_axis
    return -(within * (n - 2) / (n - 1) + _variance(theta, kappa) * (n - 1) / n)


def _pooled_variance(x: Points, y: Points) -> float:
    c = x @ y.T
    return -(_off_diagonal(c).var(correction=0) + c.diagonal().var(correction=0)).item()


COLUMNS: dict[str, Column] = {
    "uniformity": Column(
        _uniformity, lambda n, theta, kappa: math.log(expected(lambda c: np.exp(4 * c - 4), 0.0, kappa, kappa))
    ),
    "modality_gap": Column(_gap, lambda n, theta, kappa: 2 * mean_resultant(3, kappa) * math.sin(theta / 2)),
    "orthogonal_intra": Column(_intra, lambda n, theta, kappa: 2 * (n - 1) / n * expected(np.abs, 0.0, kappa, kappa)),
    "orthogonal_inter": Column(_inter, lambda n, theta, kappa: 2 * (n - 1) / n * expected(np.abs, theta, kappa, kappa)),
    "orthogonal_inter*": Column(
        _inter_of_sum, lambda n, theta, kappa: 2 * (n - 1) / n * abs(mean_resultant(3, kappa) ** 2 * math.cos(theta))
    ),
    "cyclip": Column(_cyclip, _cyclip_exact),
    "cyclip*": Column(_ce_and_cyclip, lambda n, theta, kappa: math.log(n) + _cyclip_exact(n, theta, kappa) / n),
    "variance": Column(_printed_variance, _variance_exact),
    "variance*": Column(_pooled_variance, lambda n, theta, kappa: -2 * _variance(theta, kappa)),
}
