"""Points as they are drawn: on the sphere, with the law that was asked for, paired as strongly as asked."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.stats import kstest

from gap.geometry.power_spherical import height_distribution, mean_resultant
from study.explore.sphere.clouds import Cloud, draw

MANY = Cloud(samples=4000, seed=3, theta=70.0, kappa_image=20.0, kappa_text=5.0)


def axes(cloud: Cloud) -> tuple[torch.Tensor, torch.Tensor]:
    half = math.radians(cloud.theta) / 2
    image, text = torch.zeros(2, cloud.dimension)
    image[:2] = torch.tensor([math.cos(half), -math.sin(half)])
    text[:2] = torch.tensor([math.cos(half), math.sin(half)])
    return image, text


@pytest.mark.parametrize("dimension", [3, 8, 128])
@pytest.mark.parametrize("pairs", [0.0, 0.6, 1.0])
def test_each_cloud_has_its_own_law_however_strong_the_pairs(dimension: int, pairs: float) -> None:
    cloud = replace(MANY, dimension=dimension, pairs=pairs)
    for points, axis, kappa in zip(draw(cloud), axes(cloud), (cloud.kappa_image, cloud.kappa_text), strict=True):
        assert points.shape == (4000, dimension)
        torch.testing.assert_close(points.norm(dim=1), torch.ones(4000), atol=1e-5, rtol=0)
        heights = (1 + (points @ axis).double()) / 2
        law = height_distribution(dimension, kappa)
        shapes = (law.concentration1.item(), law.concentration0.item())
        assert kstest(heights.numpy(), "beta", args=shapes).pvalue > 1e-3
        rho = mean_resultant(dimension, kappa)
        torch.testing.assert_close(points.mean(dim=0), rho * axis, atol=4 / math.sqrt(4000), rtol=0)


def test_pairs_come_nearer_as_their_strength_grows_and_coincide_at_one() -> None:
    cloud = Cloud(samples=1000, theta=0.0, kappa_image=10.0, kappa_text=10.0)
    distances = []
    for pairs in (0.0, 0.25, 0.5, 0.75, 0.95, 1.0):
        x, y = draw(replace(cloud, pairs=pairs))
        distances.append((x - y).square().sum(dim=1).mean().item())
    assert distances == sorted(distances, reverse=True)
    assert distances[0] == pytest.approx(2 - 2 * mean_resultant(3, 10.0) ** 2, abs=0.05)
    assert distances[-1] < 1e-10


def test_sliders_move_points_and_do_not_draw_anew() -> None:
    cloud = Cloud(samples=100)
    x, y = draw(cloud)
    for changed in (replace(cloud, theta=61.0), replace(cloud, kappa_image=51.0, kappa_text=51.0)):
        moved = draw(changed)
        assert max((x - moved[0]).norm(dim=1).max().item(), (y - moved[1]).norm(dim=1).max().item()) < 0.05
    other, _ = draw(replace(cloud, seed=1))
    assert (x - other).norm(dim=1).mean() > 0.05
    again, _ = draw(cloud)
    assert torch.equal(x, again)


@pytest.mark.parametrize("theta", [0.0, 180.0])
@pytest.mark.parametrize("kappas", [(0.0, 0.0), (1e6, 1e6), (0.0, 1e6)])
@pytest.mark.parametrize("dimension", [3, 768])
@pytest.mark.parametrize("samples", [1, 2, 50])
@pytest.mark.parametrize("pairs", [0.0, 1.0])
def test_extremes_are_unit_vectors(
    theta: float, kappas: tuple[float, float], dimension: int, samples: int, pairs: float
) -> None:
    for points in draw(Cloud(samples, 0, dimension, theta, *kappas, pairs)):
        assert points.shape == (samples, dimension)
        torch.testing.assert_close(points.norm(dim=1), torch.ones(samples), atol=1e-5, rtol=0)


def test_the_angle_is_between_the_means() -> None:
    x, y = draw(Cloud(samples=2000, theta=120.0, kappa_image=1e5, kappa_text=1e5, seed=9))
    cosine = torch.nn.functional.cosine_similarity(x.mean(dim=0), y.mean(dim=0), dim=0).item()
    assert np.degrees(math.acos(cosine)) == pytest.approx(120.0, abs=0.1)
