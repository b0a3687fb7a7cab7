"""The printed ends of ranges are attained, and nothing lies beyond them."""

import math
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.losses import TERMS
from gap.losses.page import describe
from gap.metrics import mean_cosine, uniformity


def simplex(n: int) -> Tensor:
    """n unit vectors with equal angles around the origin."""
    return F.normalize(torch.eye(n, dtype=torch.float64) - 1 / n, dim=1)


def half_circle(n: int, turn: float) -> Tensor:
    angles = torch.arange(n, dtype=torch.float64) * math.pi / n + turn
    return torch.stack([angles.cos(), angles.sin()], dim=1)


def signs(n: int, period: int) -> Tensor:
    """Two opposite points, divided among the rows in turns of ``period``."""
    return torch.tensor([[1.0 if i // period % 2 else -1.0] for i in range(n)], dtype=torch.float64)


def least_ce(n: int, s: float) -> float:
    return math.log(1 + (n - 1) * math.exp(-s * n / (n - 1)))


# What a term cannot go below or above for n pairs.
LIMITS: dict[str, Callable[[int], tuple[float, float]]] = {
    "uniform": lambda n: (-4 * n / (n - 1), 0),
    "centroid_uniform": lambda n: (-4 * n / (n - 1), 0),
    "cross_uniform": lambda n: (-8, 0),
    "align": lambda n: (0, 4),
    "centroid": lambda n: (0, 4),
    "cyclip_inter": lambda n: (0, 2 * n),
    "cyclip_intra": lambda n: (0, 2 * n),
    "ce": lambda n: (least_ce(n, 1), math.log(1 + (n - 1) * math.exp(2))),
    "variance": lambda n: (-2, 0),
}


@pytest.mark.parametrize("n", [2, 3, 5, 12])
def test_the_ends_are_attained(n: int) -> None:
    x = simplex(n)
    for value in (TERMS["uniform"](x, x), TERMS["centroid_uniform"](x, x), uniformity(x, x)):
        assert value.item() == pytest.approx(-4 * n / (n - 1))
    assert mean_cosine(x).item() == pytest.approx(-1 / (n - 1))
    assert TERMS["ce"](x, x, logit_scale=3.0).item() == pytest.approx(least_ce(n, 3))
    point = torch.tensor([[0.6, 0.8]], dtype=torch.float64).repeat(n, 1)
    assert TERMS["cross_uniform"](point, -point).item() == pytest.approx(-8)
    turned = TERMS["cyclip_inter"](half_circle(n, 0), half_circle(n, math.pi / 2)).item()
    assert turned == pytest.approx(2 * n)
    if n % 4 == 0 or n == 2:
        divided = TERMS["cyclip_intra"](signs(n, 1), signs(n, 2)).item()
        assert divided == pytest.approx(2 * n)


@settings(deadline=None, max_examples=60)
@given(n=st.integers(2, 9), d=st.integers(1, 6), seed=st.integers(0, 999), spread=st.sampled_from([0.0, 0.1, 1.0]))
def test_nothing_lies_beyond_the_ends(n: int, d: int, seed: int, spread: float) -> None:
    generator = torch.Generator().manual_seed(seed)
    x, y = (
        F.normalize(1 - spread + spread * torch.randn(n, d, generator=generator, dtype=torch.float64), dim=1)
        for _ in range(2)
    )
    for name, limits in LIMITS.items():
        low, high = limits(n)
        assert low - 1e-9 <= TERMS[name](x, y).item() <= high + 1e-9, name
    assert uniformity(x, y).item() >= -4 * n / (n - 1) - 1e-9


def test_the_page_prints_these_ranges() -> None:
    printed = {name: describe(name)["range"] for name in ("uniform", "centroid_uniform", "cyclip_inter", "ce")}
    assert printed == {
        "uniform": "[−4n/(n−1), 0]",
        "centroid_uniform": "[−4n/(n−1), 0]",
        "cyclip_inter": "[0, 2n]",
        "ce": "[ln(1 + (n−1)e^{−sn/(n−1)}), ln(1 + (n−1)e^{2s})]",
    }
