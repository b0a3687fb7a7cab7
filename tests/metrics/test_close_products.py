"""Ranks do not depend on how a matrix product rounds: against exact sums, on rows whose products nearly tie."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import retrieval
from gap.metrics.products import exact_products, product_error
from gap.metrics.retrieval import best_ranks


def unit(n: int, d: int, seed: int) -> Tensor:
    return F.normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


def ranks_by_loop(x: Tensor, y: Tensor, right: list[np.ndarray]) -> list[int]:
    """The definition, with exactly rounded sums of exact products; what differs by less than 2e-13 is one number."""
    ranks = []
    for query, own in zip(x.double().tolist(), right, strict=True):
        scores = [math.fsum(a * b for a, b in zip(query, row, strict=True)) for row in y.double().tolist()]
        best = max(scores[j] for j in own)
        ranks.append(1 + sum(score >= best - 2e-13 for j, score in enumerate(scores) if j not in own))
    return ranks


def pairs(n: int) -> list[np.ndarray]:
    return [np.array([i]) for i in range(n)]


@pytest.mark.parametrize("d", [2, 3, 17, 384, 512, 768, 1024])
@pytest.mark.parametrize("n", [13, 257])
def test_a_collapsed_model_scores_nothing(n: int, d: int) -> None:
    # Not along an axis: the products are sums of d rounded numbers. Both modalities in one point, or in one each.
    point = unit(1, d, d)
    index = np.arange(n)
    for other in (point, unit(1, d, d + 1), -point):
        x, y = (rows.repeat(n, 1) for rows in (point, other))
        scores = retrieval(x, y, image_of_text=index, caption_ids=index, ks=(1, 5, 10), pool_size=100)
        assert {value for name, value in scores.items() if "recall" in name} == {0.0}
        assert scores["full_median_rank"] == n


@pytest.mark.parametrize("chunk_size", [1, 7, 64, 1000])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_duplicates_and_near_duplicates_rank_as_exact_sums_do(chunk_size: int, dtype: torch.dtype) -> None:
    x = unit(40, 33, 1).repeat(3, 1)
    y = (x + 0.3 * unit(40, 33, 2).repeat(3, 1)).clone()
    y[40:80] += 1e-6 * unit(40, 33, 3)  # what float32 tells apart in some sums and not in others
    x, y = F.normalize(x, dim=1).to(dtype), F.normalize(y, dim=1).to(dtype)
    right = [np.array([i, (i + 40) % 120]) if i % 2 else np.array([i]) for i in range(120)]
    assert best_ranks(x, y, right, chunk_size=chunk_size).tolist() == ranks_by_loop(x, y, right)


@settings(deadline=None, max_examples=40)
@given(n=st.integers(1, 9), d=st.sampled_from([1, 2, 50]), distinct=st.integers(1, 3), seed=st.integers(0, 999))
def test_ties_of_any_kind_equal_the_loop(n: int, d: int, distinct: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = unit(distinct, d, seed)[rng.integers(0, distinct, n)], unit(distinct, d, seed + 1)
    y = y[rng.integers(0, distinct, n)] * float(rng.choice([-1, 1]))
    right = [rng.choice(n, rng.integers(1, n + 1), replace=False) for _ in range(n)]
    assert best_ranks(x, y, right).tolist() == ranks_by_loop(x, y, right)


def test_an_order_of_the_coordinates_makes_no_difference() -> None:
    # Every text holds the same numbers in another order, and an image of equal numbers has one product with them all.
    rng = np.random.default_rng(0)
    y = torch.stack([unit(1, 384, 1)[0][torch.from_numpy(rng.permutation(384))] for _ in range(60)])
    x = F.normalize(torch.ones(60, 384), dim=1)
    assert best_ranks(x, y, pairs(60)).unique().tolist() == [60]


def test_sparse_and_dense_agree_and_a_far_scale_changes_nothing() -> None:
    x, y = unit(300, 64, 1), unit(300, 64, 2)
    y[::50] = y[0]  # few close cells: these alone are taken again
    expected = best_ranks(x.double(), y.double(), pairs(300))
    assert best_ranks(x, y, pairs(300)).equal(expected)
    for scale in (1e-12, 1e15, 1e30):  # products of the last leave float32
        assert best_ranks(x * scale, y * scale, pairs(300)).equal(
            best_ranks(x.double() * scale, y.double(), pairs(300))
        )


def test_products_in_a_coarser_format_are_not_trusted() -> None:
    before = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("high")
    try:
        assert product_error(torch.float32, 64) > 0.1
        x, y = unit(50, 64, 1), unit(50, 64, 2)
        assert best_ranks(x, y, pairs(50)).equal(best_ranks(x.double(), y.double(), pairs(50)))
    finally:
        torch.set_float32_matmul_precision(before)


@pytest.mark.parametrize("d", [1, 33, 768])
def test_the_bound_holds_for_the_products_of_this_machine(d: int) -> None:
    x, y = unit(64, d, 1), unit(100, d, 2)
    error = ((x @ y.T).double() - x.double() @ y.double().T).abs().max().item()
    assert error <= product_error(torch.float32, d) * (1 + 1e-6)


def test_cells_are_the_products_that_they_name() -> None:
    x, y = unit(5, 9, 1), unit(7, 9, 2)
    rows, columns = torch.tensor([4, 0, 4]), torch.tensor([6, 1, 0])
    expected = (x.double() @ y.double().T)[rows, columns]
    assert exact_products(x, y, rows, columns).tolist() == pytest.approx(expected.tolist(), abs=1e-15)
    assert exact_products(x, y, rows[:0], columns[:0]).shape == (0,)
