import math

import pytest
import torch
from scipy import integrate, stats
from torch import Tensor

from gap.geometry.power_spherical import entropy, height_distribution, log_density, mean_resultant, sample


def direction(d: int, seed: int = 3) -> Tensor:
    x = torch.randn(d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return x / x.norm()


def draw(n: int, mu: Tensor, kappa: float, seed: int = 0) -> Tensor:
    return sample(n, mu, kappa, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("kappa", [0.0, 0.7, 10.0, 200.0])
def test_the_density_integrates_to_one_on_circle_and_sphere(kappa: float) -> None:
    def circle(angle: float) -> float:
        x = torch.tensor([[math.cos(angle), math.sin(angle)]], dtype=torch.float64)
        return log_density(x, torch.tensor([1.0, 0.0], dtype=torch.float64), kappa).exp().item()

    def sphere(height: float) -> float:  # rings of equal height have area 2π dh
        x = torch.tensor([[height, math.sqrt(1 - height**2), 0]], dtype=torch.float64)
        return 2 * math.pi * log_density(x, torch.eye(3, dtype=torch.float64)[0], kappa).exp().item()

    assert integrate.quad(circle, -math.pi, math.pi, points=[0])[0] == pytest.approx(1, rel=1e-6)
    assert integrate.quad(sphere, -1, 1, limit=200)[0] == pytest.approx(1, rel=1e-6)


@pytest.mark.parametrize(("d", "kappa"), [(2, 5.0), (3, 50.0), (3, 0.0), (768, 500.0), (768, 1.0)])
def test_heights_follow_their_beta_law(d: int, kappa: float) -> None:
    mu = direction(d)
    x = draw(4000, mu, kappa)
    torch.testing.assert_close(x.norm(dim=1), torch.ones(4000, dtype=torch.float64))
    law = height_distribution(d, kappa)
    beta = stats.beta(law.concentration1.item(), law.concentration0.item())
    assert stats.kstest(((1 + x @ mu) / 2).numpy(), beta.cdf).pvalue > 1e-3
    wrong = stats.beta(law.concentration1.item() * 1.3 + 0.3, law.concentration0.item())
    assert stats.kstest(((1 + x @ mu) / 2).numpy(), wrong.cdf).pvalue < 1e-3  # the test can tell


@pytest.mark.parametrize("mu", [[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.6, 0.0, 0.8]])
def test_the_mean_and_what_is_orthogonal_to_it(mu: list[float]) -> None:
    axis = torch.tensor(mu, dtype=torch.float64)
    x = draw(20000, axis, 10.0)
    rho = mean_resultant(3, 10.0)
    assert rho == 10 / 12
    assert torch.allclose(x.mean(0), rho * axis, atol=0.01)  # standard error of a coordinate below 0.004
    rest = x - torch.outer(x @ axis, axis)
    second = rest.T @ rest / len(x)
    isotropic = (torch.eye(3, dtype=torch.float64) - torch.outer(axis, axis)) * second.trace() / 2
    assert torch.allclose(second, isotropic, atol=0.01)


@pytest.mark.parametrize(("d", "kappa"), [(2, 3.0), (3, 50.0), (768, 500.0)])
def test_entropy_is_the_mean_of_minus_log_density(d: int, kappa: float) -> None:
    mu = direction(d)
    values = -log_density(draw(20000, mu, kappa), mu, kappa)
    error = values.std().item() / math.sqrt(len(values))
    assert entropy(d, kappa) == pytest.approx(values.mean().item(), abs=5 * error)


def test_the_uniform_distribution_is_kappa_zero() -> None:
    assert mean_resultant(5, 0.0) == 0
    assert entropy(2, 0.0) == pytest.approx(math.log(2 * math.pi))
    assert entropy(3, 0.0) > entropy(3, 0.5)
    assert draw(20000, direction(3), 0.0).mean(0).abs().max() < 0.02


def test_a_seed_decides_the_sample_and_precision_is_kept() -> None:
    mu = direction(4)
    assert torch.equal(draw(5, mu, 3.0, seed=1), draw(5, mu, 3.0, seed=1))
    assert not torch.equal(draw(5, mu, 3.0, seed=1), draw(5, mu, 3.0, seed=2))
    assert draw(5, mu.float(), 3.0).dtype == torch.float32
    assert draw(0, mu, 3.0).shape == (0, 4)


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="d of at least 2, got 1"):
        draw(1, torch.ones(1), 1.0)
    with pytest.raises(ValueError, match="expected 0 or more, got -1"):
        draw(1, direction(3), -1.0)
    with pytest.raises(ValueError, match="expected 0 or more, got nan"):
        mean_resultant(3, math.nan)
    with pytest.raises(ValueError, match="unit vector, got one of length 2"):
        draw(1, 2 * direction(3), 1.0)
