import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gap.metrics import METRICS, evaluate, retrieval
from gap.metrics.retrieval import best_ranks


def grid(n: int, d: int, seed: int) -> Tensor:
    """Vectors with few distinct values, so that scores tie often and are often negative."""
    return torch.randint(-1, 2, (n, d), generator=torch.Generator().manual_seed(seed)).double()


def recall_by_loop(
    x: Tensor, y: Tensor, image_of_text: np.ndarray, caption_ids: np.ndarray, k: int
) -> dict[str, float]:
    def is_right(i: int, j: int) -> bool:
        return any(image_of_text[t] == i and caption_ids[t] == caption_ids[j] for t in range(len(y)))

    def hit(scores: list[float], right: list[bool]) -> bool:
        best = max(s for s, r in zip(scores, right, strict=True) if r)
        return 1 + sum(s >= best and not r for s, r in zip(scores, right, strict=True)) <= k

    images, texts = range(len(x)), range(len(y))
    t2i = [hit([float(x[i] @ y[j]) for i in images], [is_right(i, j) for i in images]) for j in texts]
    i2t = [hit([float(x[i] @ y[j]) for j in texts], [is_right(i, j) for j in texts]) for i in images]
    return {"t2i": 100 * float(np.mean(t2i)), "i2t": 100 * float(np.mean(i2t))}


@settings(deadline=None, max_examples=60)
@given(m=st.integers(1, 8), captions=st.integers(1, 3), words=st.integers(1, 6), seed=st.integers(0, 999))
def test_full_gallery_equals_the_loop_with_ties_and_shared_captions(
    m: int, captions: int, words: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    image_of_text = np.repeat(np.arange(m), captions)
    rng.shuffle(image_of_text)
    caption_ids = rng.integers(0, words, len(image_of_text))
    x, y = grid(m, 3, seed), grid(len(image_of_text), 3, seed + 1)
    scores = retrieval(x, y, image_of_text=image_of_text, caption_ids=caption_ids, ks=(1, 2, 5))
    for k in (1, 2, 5):
        expected = recall_by_loop(x, y, image_of_text, caption_ids, k)
        assert scores[f"full_recall_at_{k}_t2i"] == pytest.approx(expected["t2i"])
        assert scores[f"full_recall_at_{k}_i2t"] == pytest.approx(expected["i2t"])
        assert scores[f"full_recall_at_{k}"] == pytest.approx(sum(expected.values()) / 2)


@settings(deadline=None, max_examples=30)
@given(n=st.integers(1, 40), seed=st.integers(0, 999))
def test_pools_are_disjoint_and_equal_the_loop(n: int, seed: int) -> None:
    x, y, ids = grid(n, 4, seed), grid(n, 4, seed + 1), np.random.default_rng(seed).integers(0, 20, n)
    index, size = np.arange(n), 7
    scores = retrieval(x, y, image_of_text=index, caption_ids=ids, ks=(1,), pool_size=size, seed=seed)
    order = np.random.default_rng(seed).permutation(n)
    pools = [order[i : i + size] for i in range(0, n - size + 1, size)] or [order]
    expected = [recall_by_loop(x[p], y[p], np.arange(len(p)), ids[p], 1) for p in pools]
    assert scores["recall_at_1_t2i"] == pytest.approx(np.mean([e["t2i"] for e in expected]))
    assert scores["recall_at_1_i2t"] == pytest.approx(np.mean([e["i2t"] for e in expected]))


@pytest.mark.parametrize("chunk_size", [1, 2, 3, 100])
def test_chunks_change_nothing(chunk_size: int) -> None:
    x, y = grid(7, 3, 1), grid(7, 3, 2)
    relevant = [np.array([i, (i + 1) % 7]) for i in range(7)]
    assert best_ranks(x, y, relevant, chunk_size=chunk_size).equal(best_ranks(x, y, relevant))


def test_a_model_that_maps_everything_to_one_point_scores_nothing() -> None:
    x, index = torch.ones(20, 3), np.arange(20)
    assert retrieval(x, x, image_of_text=index, caption_ids=index)["recall_at_10"] == 0


def test_a_wrong_direction_shows() -> None:
    x, index = torch.eye(4), np.arange(4)
    y = torch.eye(4)[[0, 0, 2, 3]]  # text 1 points at image 0
    scores = retrieval(x, y, image_of_text=index, caption_ids=index, ks=(1,))
    assert scores["recall_at_1_t2i"] == 75
    assert scores["recall_at_1_i2t"] == 50  # image 0 ties between texts 0 and 1; image 1 ties everywhere


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_features_that_are_not_finite_are_counted_in_the_error(bad: float) -> None:
    x, index = grid(5, 3, 1), np.arange(5)
    x[3, 1] = bad
    with pytest.raises(ValueError, match="1 of 5 gallery features are not finite"):
        retrieval(x, grid(5, 3, 2), image_of_text=index, caption_ids=index)


def test_no_pairs_and_images_without_text_are_refused() -> None:
    none = np.arange(0)
    with pytest.raises(ValueError, match="at least 1 query, got 0"):
        retrieval(grid(0, 3, 1), grid(0, 3, 2), image_of_text=none, caption_ids=none)
    with pytest.raises(ValueError, match="1 of 3 images have no text"):
        retrieval(grid(3, 3, 1), grid(2, 3, 2), image_of_text=np.arange(2), caption_ids=np.arange(2))


def test_evaluate_reports_exactly_the_registered_metrics_within_their_ranges() -> None:
    x = torch.nn.functional.normalize(grid(30, 5, 1) + 0.1, dim=1)
    y = torch.nn.functional.normalize(grid(30, 5, 2) + 0.1, dim=1)
    scores = evaluate(x, y, image_of_text=np.arange(30), caption_ids=np.arange(30), pool_size=10)
    assert set(scores) == set(METRICS)
    for name, value in scores.items():
        assert type(value) is float
        assert METRICS[name].low <= value <= METRICS[name].high, name


def test_one_pair_is_found_by_anybody() -> None:
    scores = retrieval(
        -torch.ones(1, 2), torch.ones(1, 2), image_of_text=np.zeros(1, int), caption_ids=np.zeros(1, int)
    )
    assert {value for name, value in scores.items() if "recall" in name} == {100.0}
    assert {value for name, value in scores.items() if "rank" in name or "mrr" in name} == {1.0}


@pytest.mark.parametrize("cosine", [1.0, -1.0])
def test_texts_of_one_embedding_tie_unless_their_captions_are_equal(cosine: float) -> None:
    x, y, index = torch.full((8, 1), cosine), torch.ones(8, 1), np.arange(8)
    tied = retrieval(x, y, image_of_text=index, caption_ids=index, ks=(1, 7, 8))
    assert [tied[f"full_recall_at_{k}"] for k in (1, 7, 8)] == [0, 0, 100]
    equal = retrieval(x, y, image_of_text=index, caption_ids=index // 4, ks=(1, 4, 5))
    assert [equal[f"full_recall_at_{k}"] for k in (1, 4, 5)] == [0, 0, 100]  # behind the four of the other caption
