import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gap.metrics import chance_recall, retrieval
from gap.metrics.chance import _share_found


def test_distinct_captions_give_k_of_the_pool() -> None:
    index = np.arange(180)
    assert chance_recall(index, index) == pytest.approx({f"recall_at_{k}": 100 * k / 90 for k in (1, 5, 10)})


@pytest.mark.parametrize("images", [1, 2, 6, 10])
def test_where_k_reaches_the_gallery_anybody_has_all(images: int) -> None:
    index = np.arange(images)
    assert chance_recall(index, index)["recall_at_10"] == 100
    assert chance_recall(index, index)["recall_at_1"] == pytest.approx(100 / images)


def test_one_caption_is_always_right() -> None:
    assert set(chance_recall(np.arange(40), np.zeros(40, dtype=np.int64)).values()) == {100.0}


def test_no_text_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1 query, got 0"):
        chance_recall(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@given(gallery=st.integers(1, 12), k=st.integers(1, 14), data=st.data())
def test_one_draw_after_another_is_counted(gallery: int, k: int, data: st.DataObject) -> None:
    from math import comb

    right = data.draw(st.integers(1, gallery))
    k = min(k, gallery)
    expected = 1 - comb(gallery - right, k) / comb(gallery, k)
    assert _share_found(np.array([right]), gallery, k)[0] == pytest.approx(expected)


@settings(deadline=None, max_examples=8)
@given(images=st.integers(1, 14), words=st.integers(1, 14), pool_size=st.integers(2, 9), seed=st.integers(0, 99))
def test_the_mean_of_random_rankings_comes_to_it(images: int, words: int, pool_size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    image_of_text = np.repeat(np.arange(images), 2)
    caption_ids = rng.integers(words, size=2 * images)
    shared = {"image_of_text": image_of_text, "caption_ids": caption_ids, "pool_size": pool_size, "ks": (1, 3)}
    draws = []
    for _ in range(300):
        x, y = (torch.from_numpy(rng.standard_normal((n, 8))) for n in (images, 2 * images))
        scores = retrieval(x, y, **shared)
        draws.append([scores[f"recall_at_{k}"] for k in (1, 3)])
    expected = list(chance_recall(image_of_text, caption_ids, pool_size=pool_size, ks=(1, 3)).values())
    # Queries of one pool share their draws, so a mean of 300 is off by up to some 5 of 100.
    np.testing.assert_allclose(np.mean(draws, axis=0), expected, atol=8)
