"""The power-spherical distribution: points around a direction of the sphere, in any dimension, with closed forms.

p(x) ∝ (1 + μᵀx)^κ on the unit sphere of R^d. With a = (d−1)/2 + κ and b = (d−1)/2, the height t = μᵀx is 2z − 1 with
z ~ Beta(a, b), and what is orthogonal to μ is uniform.

Source: De Cao & Aziz 2020, "The Power Spherical distribution"; thesis, chapter 5.1.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor
from torch.distributions import Beta
from torch.nn import functional as F  # noqa: N812


def sample(
    n: int, mean_direction: Float[Tensor, " d"], concentration: float, *, generator: torch.Generator | None = None
) -> Float[Tensor, "n d"]:
    """Draw n unit vectors around ``mean_direction`` (a unit vector), in its precision.

    κ = 0 is the uniform distribution. The height is drawn as a ratio of two gamma variables, the rest as a Gaussian.
    The frame whose first axis is e₁ is then reflected on to μ, or left as it is where μ is e₁ (the axis would be 0/0).

    Raises ``ValueError`` for d < 2, a negative concentration, or a direction that is not a unit vector.

    >>> x = sample(4, torch.tensor([0.0, 0.0, 1.0]), 1e6, generator=torch.Generator().manual_seed(0))
    >>> bool((x[:, 2] > 0.99).all()), x.shape
    (True, torch.Size([4, 3]))
    """
    d = _checked(mean_direction, concentration)
    a, b = _shapes(d, concentration)
    shapes = mean_direction.new_tensor([[a], [b]]).expand(2, n)
    first, second = torch._standard_gamma(shapes, generator=generator)
    height = 2 * first / (first + second) - 1
    tangent = F.normalize(mean_direction.new_empty(n, d - 1).normal_(generator=generator), dim=1)
    radius = (1 - height.square()).clamp(min=0).sqrt()
    x = torch.cat([height[:, None], radius[:, None] * tangent], dim=1)
    axis = -mean_direction.clone()
    axis[0] += 1  # e₁ − μ
    length = torch.linalg.vector_norm(axis)
    if length < 1e-7:
        return x
    axis = axis / length
    return x - 2 * torch.outer(x @ axis, axis)


def log_density(
    x: Float[Tensor, "n d"], mean_direction: Float[Tensor, " d"], concentration: float
) -> Float[Tensor, " n"]:
    """Give ln p(x) with respect to the sphere's area: κ ln(1 + μᵀx) − ln Z.

    Z = 2^{a+b} π^b Γ(a)/Γ(a+b). −∞ at −μ for κ > 0. Raises ``ValueError`` as ``sample`` does.

    >>> circle = torch.tensor([[1.0, 0.0]])
    >>> round(log_density(circle, circle[0], 0.0).exp().item() * 2 * math.pi, 5)
    1.0
    """
    d = _checked(mean_direction, concentration)
    return torch.xlogy(torch.tensor(concentration, dtype=x.dtype), 1 + x @ mean_direction) - _log_normaliser(
        d, concentration
    )


def entropy(d: int, concentration: float) -> float:
    """Give the differential entropy −E ln p in nats: ln Z − κ (ln 2 + ψ(a) − ψ(a+b)).

    At κ = 0 it is the logarithm of the sphere's area, its greatest value.

    >>> round(math.exp(entropy(3, 0.0)) / math.pi, 6)
    4.0
    """
    a, b = _shapes(d, concentration)
    first, second = torch.special.digamma(torch.tensor([a, a + b], dtype=torch.float64)).tolist()
    mean_log = math.log(2) + float(first) - float(second)
    return _log_normaliser(d, concentration) - concentration * mean_log


def mean_resultant(d: int, concentration: float) -> float:
    """Give ρ = ‖E x‖ = κ/(κ + d − 1), in [0, 1).

    >>> mean_resultant(3, 2.0)
    0.5
    """
    a, b = _shapes(d, concentration)
    return (a - b) / (a + b)


def height_distribution(d: int, concentration: float) -> Beta:
    """Give the law of (1 + μᵀx)/2.

    >>> height_distribution(3, 0.0).mean.item()
    0.5
    """
    a, b = _shapes(d, concentration)
    return Beta(torch.tensor(a, dtype=torch.float64), torch.tensor(b, dtype=torch.float64))


def _shapes(d: int, concentration: float) -> tuple[float, float]:
    if d < 2:
        raise ValueError(f"the sphere needs d of at least 2, got {d}")
    if not concentration >= 0:
        raise ValueError(f"concentration: expected 0 or more, got {concentration}")
    return (d - 1) / 2 + concentration, (d - 1) / 2


def _checked(mean_direction: Tensor, concentration: float) -> int:
    _shapes(len(mean_direction), concentration)
    norm = torch.linalg.vector_norm(mean_direction).item()
    if not abs(norm - 1) < 1e-4:
        raise ValueError(f"mean_direction: expected a unit vector, got one of length {norm:.4g}")
    return len(mean_direction)


def _log_normaliser(d: int, concentration: float) -> float:
    a, b = _shapes(d, concentration)
    return (a + b) * math.log(2) + b * math.log(math.pi) + math.lgamma(a) - math.lgamma(a + b)
