import pytest
import torch
from torch import Tensor

from gap.metrics.cka import debiased_linear_cka, linear_cka, linear_cka_chunked


def random(n: int, d: int, seed: int) -> Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def cka_by_gram(x: Tensor, y: Tensor) -> float:
    """The definition on n×n matrices: HSIC(K, L) / sqrt(HSIC(K, K) HSIC(L, L)) with K = XXᵀ, L = YYᵀ."""
    n = len(x)
    centre = torch.eye(n, dtype=x.dtype) - 1 / n
    k, m = centre @ x @ x.T @ centre, centre @ y @ y.T @ centre
    return ((k * m).sum() / ((k * k).sum() * (m * m).sum()).sqrt()).item()


@pytest.mark.parametrize(("n", "d", "e"), [(2, 3, 3), (9, 2, 5), (30, 7, 4), (5, 768, 768)])
def test_equals_the_definition_on_gram_matrices(n: int, d: int, e: int) -> None:
    x, y = random(n, d, 1) + 3, random(n, e, 2)
    assert linear_cka(x, y).item() == pytest.approx(cka_by_gram(x, y), abs=1e-10)


def debiased_by_gram(x: Tensor, y: Tensor) -> float:
    """Song et al.'s equation 5 on n×n matrices without their diagonals."""

    def hsic(k: Tensor, m: Tensor) -> Tensor:
        k, m, ones, n = k - k.diag().diag(), m - m.diag().diag(), torch.ones(len(k), dtype=k.dtype), len(k)
        sums = (ones @ k @ ones) * (ones @ m @ ones) / ((n - 1) * (n - 2))
        value: Tensor = ((k @ m).trace() + sums - 2 / (n - 2) * (ones @ k @ m @ ones)) / (n * (n - 3))
        return value

    k, m = x @ x.T, y @ y.T
    return (hsic(k, m) / (hsic(k, k) * hsic(m, m)).sqrt()).item()


@pytest.mark.parametrize(("n", "d", "e"), [(4, 3, 3), (9, 2, 5), (30, 7, 4), (5, 768, 768), (200, 20, 30)])
def test_debiased_equals_the_definition_on_gram_matrices(n: int, d: int, e: int) -> None:
    x, y = random(n, d, 1) + 3, random(n, e, 2)
    assert debiased_linear_cka(x, y).item() == pytest.approx(debiased_by_gram(x, y), abs=1e-9)
    assert debiased_linear_cka(y, x).item() == pytest.approx(debiased_by_gram(x, y), abs=1e-9)
    rotation = torch.linalg.qr(random(d, d, 3)).Q
    assert debiased_linear_cka(x, 7 * x @ rotation - 2).item() == pytest.approx(1, abs=1e-9)


def test_unrelated_representations_have_nothing_in_common_on_average() -> None:
    x, y = random(60, 40, 1), random(60, 40, 2)
    orders = [torch.randperm(60, generator=torch.Generator().manual_seed(seed)) for seed in range(200)]
    shuffled = torch.stack([debiased_linear_cka(x, y[order]) for order in orders])
    error = shuffled.std() / len(orders) ** 0.5
    assert abs(shuffled.mean()) <= 4 * error
    assert (shuffled < 0).any()
    assert linear_cka(x, y) > 0.35  # what it takes away


def test_debiased_ends_and_errors() -> None:
    for n in (0, 3):
        with pytest.raises(ValueError, match=f"debiased CKA needs at least 4 rows, got {n}"):
            debiased_linear_cka(random(n, 2, 1), random(n, 2, 2))
    # Neither one point nor a simplex has a structure of distances to compare.
    point, simplex = random(1, 5, 1).float().repeat(6, 1), torch.eye(6)
    for empty in (point, simplex, simplex + 2):
        assert debiased_linear_cka(empty, random(6, 3, 1).float()).item() == 0
        assert debiased_linear_cka(empty, empty).item() == 0
    assert debiased_linear_cka(random(6, 3, 1) * torch.nan, random(6, 3, 2)).isnan()
    single = debiased_linear_cka(random(50, 8, 1).float() + 100, random(50, 8, 2).float())
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(debiased_linear_cka(random(50, 8, 1), random(50, 8, 2)).item(), abs=1e-3)


@pytest.mark.parametrize("size", [1, 2, 4, 11, 100])
def test_chunks_give_the_same_value(size: int) -> None:
    x, y = random(11, 4, 1) + 10, random(11, 3, 2)
    chunks = zip(x.split(size), y.split(size), strict=True)
    assert linear_cka_chunked(chunks).item() == pytest.approx(linear_cka(x, y).item(), abs=1e-12)


def test_rotation_scale_shift_and_order_change_nothing() -> None:
    x, y = random(12, 5, 1), random(12, 5, 2)
    value = linear_cka(x, y).item()
    rotation, order = torch.linalg.qr(random(5, 5, 3)).Q, torch.randperm(12)
    assert linear_cka(7 * x @ rotation + 2, y).item() == pytest.approx(value, abs=1e-12)
    assert linear_cka(x[order], y[order]).item() == pytest.approx(value, abs=1e-12)
    assert linear_cka(y, x).item() == pytest.approx(value, abs=1e-12)
    assert linear_cka(x, x @ rotation).item() == pytest.approx(1, abs=1e-12)


def test_single_precision_loses_only_what_its_inputs_lost() -> None:
    # Inputs are rounded to 6e-8 relative; everything after that is done in float64.
    x, y = random(50, 8, 1) + 100, random(50, 8, 2)
    single = linear_cka(x.float(), y.float())
    assert single.dtype == torch.float32
    assert single.item() == pytest.approx(linear_cka(x, y).item(), abs=1e-4)


def test_few_rows_equal_rows_and_nan() -> None:
    with pytest.raises(ValueError, match="at least 2 rows, got 1"):
        linear_cka(random(1, 3, 1), random(1, 3, 2))
    with pytest.raises(ValueError, match="at least 2 rows, got 0"):
        linear_cka(random(0, 3, 1), random(0, 3, 2))
    assert linear_cka(torch.ones(4, 2), random(4, 2, 1).float()).item() == 0
    broken = random(4, 2, 1)
    broken[1, 0] = float("nan")
    assert linear_cka(broken, random(4, 2, 2)).isnan()
