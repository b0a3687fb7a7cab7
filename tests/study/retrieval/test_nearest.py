"""The exact search against a slow twin that sorts everything."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import normalize

from study.retrieval.nearest import nearest


def sorted_twin(query: Tensor, gallery: Tensor, k: int) -> tuple[list[float], list[int]]:
    products = np.array([float(np.sum(row * query.double().numpy())) for row in gallery.double().numpy()])
    order = np.argsort(-products, kind="stable")[:k]
    return products[order].tolist(), order.tolist()


def vectors(n: int, d: int, seed: int) -> Tensor:
    return normalize(torch.randn(n, d, generator=torch.Generator().manual_seed(seed)), dim=1)


@pytest.mark.parametrize(("n", "d", "k"), [(1, 3, 1), (5, 3, 12), (77, 32, 12), (1003, 64, 1), (1003, 64, 500)])
def test_it_gives_what_sorting_gives(n: int, d: int, k: int) -> None:
    gallery, query = vectors(n, d, seed=n), vectors(1, d, seed=k)[0]
    scores, rows = nearest(query, gallery, k)
    expected, order = sorted_twin(query, gallery, k)
    assert rows.tolist() == order
    assert scores.tolist() == pytest.approx(expected, abs=1e-12)
    assert len(rows) == min(n, k)


@pytest.mark.parametrize("n", [2, 77, 1003, 5001])
def test_equal_vectors_come_in_their_order(n: int) -> None:
    gallery = vectors(1, 48, seed=0).repeat(n, 1)
    scores, rows = nearest(vectors(1, 48, seed=1)[0], gallery, 40)
    assert rows.tolist() == list(range(min(n, 40)))
    assert len(set(scores.tolist())) == 1


def test_negative_cosines_are_ranked_like_any_other() -> None:
    gallery = torch.tensor([[-1.0, 0.0], [-0.6, -0.8], [0.0, -1.0], [-0.8, 0.6]])
    scores, rows = nearest(torch.tensor([1.0, 0.0]), gallery, 3)
    assert rows.tolist() == [2, 1, 3]
    assert scores.tolist() == pytest.approx([0, -0.6, -0.8])


def test_only_what_is_allowed_is_found() -> None:
    gallery, query = vectors(50, 8, seed=2), vectors(1, 8, seed=3)[0]
    allowed = torch.arange(50) % 7 == 0
    _, rows = nearest(query, gallery, 60, allowed=allowed)
    assert rows.tolist() == [row for row in sorted_twin(query, gallery, 50)[1] if row % 7 == 0]
    scores, rows = nearest(query, gallery, 5, allowed=torch.zeros(50, dtype=torch.bool))
    assert (len(scores), len(rows)) == (0, 0)


def test_at_least_one_is_asked_for() -> None:
    with pytest.raises(ValueError, match="expected k of at least 1, got 0"):
        nearest(torch.ones(2), torch.ones(3, 2), 0)
