"""Two clouds on the sphere: images and texts, each power-spherical around its own direction.

Both directions lie in the plane of the first two axes, θ/2 to either side of the first. The points are one uniform draw
that every setting moves: a greater concentration raises their heights, so that sliders move points, not draws.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import betainc, betaincinv, ndtr, ndtri
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.geometry.power_spherical import height_distribution, sample

EDGE = 1e-12  # a quantile of 0 or 1 has no normal score


@dataclass(frozen=True)
class Cloud:
    """How the points are drawn: θ in degrees, ``pairs`` the strength in [0, 1] with which a text follows its image."""

    samples: int = 200
    seed: int = 0
    dimension: int = 3
    theta: float = 60.0
    kappa_image: float = 50.0
    kappa_text: float = 50.0
    pairs: float = 0.0


def draw(cloud: Cloud) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """Draw images and texts, row i of each a pair.

    With ``pairs`` s, text i is placed in its cone as image i is in its own: its normal score by height is s times the
    image's plus √(1−s²) times one of its own, and so is its direction around the axis. Each cloud by itself has the
    same distribution whatever s is. With s = 1 and equal concentrations, texts are the images turned by θ.

    >>> x, y = draw(Cloud(samples=2, theta=0.0, pairs=1.0))
    >>> torch.allclose(x, y, atol=1e-6)
    True
    """
    half = math.radians(cloud.theta) / 2
    image, text = _cones(cloud.samples, cloud.seed, cloud.dimension, cloud.kappa_image, cloud.kappa_text, cloud.pairs)
    return _turn(image, -half), _turn(text, half)


@lru_cache(maxsize=16)
def _cones(
    n: int, seed: int, d: int, kappa_image: float, kappa_text: float, pairs: float
) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n d"]]:
    """Draw both clouds around the first axis, in single precision, as models give features."""
    image, text = _uniform(n, d, 2 * seed), _uniform(n, d, 2 * seed + 1)
    rest = math.sqrt(1 - pairs**2)
    score = pairs * image[0] + rest * text[0]
    around = F.normalize(pairs * image[1] + rest * text[1], dim=1)
    return _place(*image, kappa_image).float(), _place(score, around, kappa_text).float()


@lru_cache(maxsize=8)
def _uniform(n: int, d: int, seed: int) -> tuple[Float[Tensor, " n"], Float[Tensor, "n d_less_1"]]:
    """Draw uniformly; gives the heights along the first axis as normal scores, and the directions around it."""
    pole = F.one_hot(torch.tensor(0), d).double()
    points = sample(n, pole, 0.0, generator=torch.Generator().manual_seed(seed))
    law = height_distribution(d, 0.0)
    quantiles = betainc(law.concentration1.item(), law.concentration0.item(), (1 + points[:, 0].numpy()) / 2)
    return torch.from_numpy(ndtri(quantiles.clip(EDGE, 1 - EDGE))), F.normalize(points[:, 1:], dim=1)


def _place(
    scores: Float[Tensor, " n"], around: Float[Tensor, "n d_less_1"], concentration: float
) -> Float[Tensor, "n d"]:
    """Give the points around the first axis whose heights have these normal scores under the concentration."""
    law = height_distribution(around.shape[1] + 1, concentration)
    shares = betaincinv(law.concentration1.item(), law.concentration0.item(), ndtr(scores.numpy()))
    radius = torch.from_numpy(2 * np.sqrt(shares * (1 - shares)))  # √(1 − (2z − 1)²)
    return torch.cat([torch.from_numpy(2 * shares - 1)[:, None], radius[:, None] * around], dim=1)


def _turn(points: Float[Tensor, "n d"], angle: float) -> Float[Tensor, "n d"]:
    """Turn by an angle from the first axis towards the second."""
    cosine, sine = math.cos(angle), math.sin(angle)
    turned = points.clone()
    turned[:, 0] = cosine * points[:, 0] - sine * points[:, 1]
    turned[:, 1] = sine * points[:, 0] + cosine * points[:, 1]
    return turned
