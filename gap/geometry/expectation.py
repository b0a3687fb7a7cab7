"""Exact expectations of functions of a cosine between two power-spherical points on the sphere of R³.

A function of the cosine has an expansion in Legendre polynomials, f(t) = Σ_l a_l P_l(t). For independent x and y around
axes at angle θ the addition theorem gives E P_l(<x, y>) = r_l(κ_x) r_l(κ_y) P_l(cos θ), with r_l(κ) = E P_l(<x, μ>).
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from numpy.polynomial import legendre

Array = npt.NDArray[np.float64]
DEGREE = 120  # at κ = 500, r_l² has fallen below 1e-12
_NODES, _WEIGHTS = legendre.leggauss(4000)
_POLYNOMIALS = legendre.legvander(_NODES, DEGREE)  # [node, l]


def expected(function: Callable[[Array], Array], theta: float, x_concentration: float, y_concentration: float) -> float:
    """Give E f(<x, y>), with the axes ``theta`` radians apart; a concentration of infinity is the axis itself.

    >>> round(expected(lambda cosine: cosine, 0.0, 10.0, 10.0) - (10 / 12) ** 2, 9)
    0.0
    """
    coefficients = (2 * np.arange(DEGREE + 1) + 1) / 2 * (_POLYNOMIALS.T @ (_WEIGHTS * function(_NODES)))
    moments = coefficients * _resultants(x_concentration) * _resultants(y_concentration)
    return float(legendre.legval(np.cos(theta), moments))


def _resultants(concentration: float) -> Array:
    """Give r_l for every degree; in R³ the height has the density ∝ (1 + t)^κ."""
    if np.isinf(concentration):
        return np.ones(DEGREE + 1)
    density = _WEIGHTS * np.exp(concentration * (np.log1p(_NODES) - np.log(2)))
    resultants: Array = _POLYNOMIALS.T @ (density / density.sum())
    return resultants
