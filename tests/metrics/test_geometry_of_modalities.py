import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import misalignment, modality_gap, uniformity


def unit(n: int, d: int, seed: int) -> Tensor:
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64), dim=1)


def uniformity_by_loop(x: Tensor, y: Tensor) -> float:
    def half(z: Tensor) -> float:
        pairs = [(i, j) for i in range(len(z)) for j in range(i + 1, len(z))]
        return math.log(sum(math.exp(-2 * float((z[i] - z[j]).square().sum())) for i, j in pairs) / len(pairs))

    return (half(x) + half(y)) / 2


@given(n=st.integers(1, 12), d=st.sampled_from([2, 3, 768]), seed=st.integers(0, 99))
def test_identities_of_misalignment(n: int, d: int, seed: int) -> None:
    x, y = unit(n, d, seed), unit(n, d, seed + 100)
    value = misalignment(x, y).item()
    assert value == pytest.approx(2 - 2 * (x * y).sum(1).mean().item())
    residual = ((x - x.mean(0)) - (y - y.mean(0))).square().sum(1).mean()
    assert value == pytest.approx((modality_gap(x, y).square() + residual).item())


@pytest.mark.parametrize("chunk_size", [1, 3, 4, 11, 12, 1000])
def test_uniformity_equals_the_loop_whatever_the_chunks(chunk_size: int) -> None:
    x, y = unit(11, 3, 1), unit(7, 3, 2)  # numbers may differ, chunks may be ragged
    assert uniformity(x, y, chunk_size=chunk_size).item() == pytest.approx(uniformity_by_loop(x, y), abs=1e-12)


def test_uniformity_with_duplicates_and_its_bounds() -> None:
    same = torch.ones(5, 1)
    assert uniformity(same, same).item() == 0
    opposite = torch.tensor([[1.0], [-1.0]])
    assert uniformity(opposite, opposite).item() == pytest.approx(-8)


@pytest.mark.parametrize("n", [0, 1])
def test_uniformity_needs_two_rows(n: int) -> None:
    with pytest.raises(ValueError, match=f"needs at least 2 rows, got {n}"):
        uniformity(unit(n, 3, 1), unit(4, 3, 2))


def test_gap_of_equal_and_opposite_modalities() -> None:
    x = unit(1, 3, 1)
    assert modality_gap(x, x).item() == 0
    assert modality_gap(x, -x).item() == pytest.approx(2)


def test_everything_is_invariant_to_rotation_and_permutation() -> None:
    x, y = unit(9, 4, 1), unit(9, 4, 2)
    rotation, order = torch.linalg.qr(unit(4, 4, 3)).Q, torch.randperm(9)
    for metric in (modality_gap, misalignment, uniformity):
        value = metric(x, y).item()
        assert metric(x @ rotation, y @ rotation).item() == pytest.approx(value, abs=1e-12)
        assert metric(x[order], y[order]).item() == pytest.approx(value, abs=1e-12)


def test_a_feature_that_is_not_a_number_shows() -> None:
    x = unit(4, 3, 1)
    x[2, 0] = math.nan
    for metric in (modality_gap, misalignment, uniformity):
        assert metric(x, unit(4, 3, 2)).isnan()
