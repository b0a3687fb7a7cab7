"""What the measured quantities are on average over draws, where gap.geometry gives it exactly.

In any dimension what follows from the mean resultants; on the sphere of R³ whatever is a function of one cosine. A
logarithm or a root is taken of the expectation, which many samples approach.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from gap.geometry.expectation import Array, expected
from gap.geometry.power_spherical import mean_resultant
from study.explore.sphere.clouds import Cloud
from study.explore.sphere.measures import TOTAL, Loss

LARGEST = 500.0  # the concentration up to which gap.geometry.expectation's series is long enough
Function = Callable[[Array], Array]


@dataclass(frozen=True)
class Expectation:
    """``independent``: only as long as texts are drawn independently of their images; ``sphere``: only in R³."""

    value: Callable[[Cloud, Loss], float]
    independent: bool = False
    sphere: bool = False


def expectation(name: str, cloud: Cloud, loss: Loss) -> float | None:
    """Give the expectation of a quantity; None if there is no closed form, or none for these settings.

    >>> round(expectation("modality_gap", Cloud(theta=180.0, kappa_image=200.0, kappa_text=200.0), Loss()), 4)
    1.9802
    """
    if name == TOTAL:
        parts = [(weight, expectation(term, cloud, loss)) for term, weight in loss.weights if weight]
        known = [weight * value for weight, value in parts if value is not None]
        return sum(known) if known and len(known) == len(parts) else None
    formula = EXPECTATIONS.get(name)
    near = cloud.dimension == 3 and max(cloud.kappa_image, cloud.kappa_text) <= LARGEST
    if formula is None or cloud.samples < 2 or (formula.independent and cloud.pairs) or (formula.sphere and not near):
        return None
    return formula.value(cloud, loss)


def _lengths(cloud: Cloud) -> tuple[float, float]:
    """Give ρ of images and of texts."""
    return mean_resultant(cloud.dimension, cloud.kappa_image), mean_resultant(cloud.dimension, cloud.kappa_text)


def _cosine(cloud: Cloud) -> float:
    """Give E <x_i, y_j> of independent points."""
    x, y = _lengths(cloud)
    return x * y * math.cos(math.radians(cloud.theta))


def _squares(cloud: Cloud) -> float:
    """Give ρ² of images plus ρ² of texts."""
    x, y = _lengths(cloud)
    return x * x + y * y


def _within(function: Function, cloud: Cloud) -> tuple[float, float]:
    """Give E f(<x_i, x_j>) of images and of texts."""
    kappas = (cloud.kappa_image, cloud.kappa_text)
    image, text = (expected(function, 0.0, kappa, kappa) for kappa in kappas)
    return image, text


def _between(function: Function, cloud: Cloud) -> float:
    """Give E f(<x_i, y_j>)."""
    return expected(function, math.radians(cloud.theta), cloud.kappa_image, cloud.kappa_text)


def _potential(cosine: Array) -> Array:
    potential: Array = np.exp(4 * cosine - 4)
    return potential


def _variance_between(cloud: Cloud) -> float:
    return _between(np.square, cloud) - _cosine(cloud) ** 2


def _uniform(cloud: Cloud, loss: Loss) -> float:
    image, text = _within(_potential, cloud)
    return (math.log(image) + math.log(text)) / 2


def _centroid(cloud: Cloud, loss: Loss) -> float:
    # The square of the distance between the means; x̄ and ȳ stray from them by (1 − ρ²)/n each.
    return max(0.0, _squares(cloud) - 2 * _cosine(cloud)) + (2 - _squares(cloud)) / cloud.samples


def _mean_norm(length: float, cloud: Cloud) -> float:
    return math.sqrt(length**2 + (1 - length**2) / cloud.samples)


def _off_diagonal(cloud: Cloud) -> float:
    """Give the share of cells off the diagonal."""
    return (cloud.samples - 1) / cloud.samples


def _intra(value: float, cloud: Cloud, loss: Loss) -> float:
    return _off_diagonal(cloud) * value - 2 * loss.alpha / cloud.samples


def _inter(value: float, cloud: Cloud, loss: Loss) -> float:
    return 2 * (_off_diagonal(cloud) - loss.alpha / cloud.samples) * value


def _cyclip_intra(cloud: Cloud, loss: Loss) -> float:
    x, y = _lengths(cloud)
    return (cloud.samples - 1) * (sum(_within(np.square, cloud)) - 2 * (x * y) ** 2)


def _variance(cloud: Cloud, loss: Loss) -> float:
    # Within a row x is fixed: E Var(c|x) = E c² − E <x, E y>², and <x, E y> = ρ <x, μ>.
    _, y = _lengths(cloud)
    towards = y * y * expected(np.square, math.radians(cloud.theta), cloud.kappa_image, math.inf)
    rows = (_between(np.square, cloud) - towards) * (cloud.samples - 2) / (cloud.samples - 1)
    return -loss.beta * (rows + _variance_between(cloud) * _off_diagonal(cloud))


EXPECTATIONS: dict[str, Expectation] = {
    "modality_gap": Expectation(lambda cloud, loss: math.sqrt(_centroid(cloud, loss)), independent=True),
    "misalignment": Expectation(lambda cloud, loss: 2 - 2 * _cosine(cloud), independent=True),
    "uniformity": Expectation(_uniform, sphere=True),
    "centred_residual": Expectation(
        lambda cloud, loss: 2 - 2 * _cosine(cloud) - _centroid(cloud, loss), independent=True
    ),
    "image_mean_norm": Expectation(lambda cloud, loss: _mean_norm(_lengths(cloud)[0], cloud)),
    "text_mean_norm": Expectation(lambda cloud, loss: _mean_norm(_lengths(cloud)[1], cloud)),
    "image_cone_mean": Expectation(lambda cloud, loss: _lengths(cloud)[0] ** 2),
    "text_cone_mean": Expectation(lambda cloud, loss: _lengths(cloud)[1] ** 2),
    "orthogonal_intra": Expectation(lambda cloud, loss: _intra(sum(_within(np.abs, cloud)), cloud, loss), sphere=True),
    "orthogonal_inter": Expectation(
        lambda cloud, loss: _inter(_between(np.abs, cloud), cloud, loss), independent=True, sphere=True
    ),
    "antipodal_intra": Expectation(lambda cloud, loss: _intra(_squares(cloud), cloud, loss)),
    "antipodal_inter": Expectation(lambda cloud, loss: _inter(_cosine(cloud), cloud, loss), independent=True),
    "variance": Expectation(_variance, independent=True, sphere=True),
    "cyclip_inter": Expectation(
        lambda cloud, loss: 2 * (cloud.samples - 1) * _variance_between(cloud), independent=True, sphere=True
    ),
    "cyclip_intra": Expectation(_cyclip_intra, independent=True, sphere=True),
    "align": Expectation(lambda cloud, loss: 2 - 2 * _cosine(cloud), independent=True),
    "uniform": Expectation(_uniform, sphere=True),
    "cross_uniform": Expectation(lambda cloud, loss: math.log(_between(_potential, cloud)), sphere=True),
    "centroid": Expectation(_centroid, independent=True),
}
