import itertools

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812

from benchmarks.surrogate import Curves, Frozen, Measure, train, untrained
from gap.metrics import evaluate
from gap.training.settings import TrainingSettings

SETTINGS = TrainingSettings(model="mini", rank=4, batch_size=16, epochs=3, lr=1e-2, pool_size=10)


def frozen() -> Frozen:
    """Pairs in two cones, some with equal texts."""
    random = torch.Generator().manual_seed(0)
    x = torch.randn(96, 8, generator=random)
    y = x + torch.randn(96, 8, generator=random)
    captions = np.arange(96)
    captions[70], y[70] = captions[71], y[71]
    return Frozen(F.normalize(x + 1, dim=1), F.normalize(y - 1, dim=1), np.arange(64), np.arange(64, 96), captions, 2.0)


def test_the_measures_are_the_metrics_of_the_project() -> None:
    data = frozen()
    images, texts = data.images[data.test], data.texts[data.test]
    whole = evaluate(
        images, texts, image_of_text=np.arange(32), caption_ids=data.captions[data.test], pool_size=10, base=None
    )
    recall, gap = Measure(data, pool_size=10)(images, texts)
    assert recall == pytest.approx(whole["recall_at_1"])
    assert gap == pytest.approx(whole["modality_gap"])


def test_training_starts_from_the_frozen_embeddings_and_the_loss_decides_where_it_goes() -> None:
    data = frozen()
    barely = SETTINGS.model_copy(update={"lr": 1e-12})
    assert list(train(data, barely, seed=0))[-1] == pytest.approx(
        Measure(data, pool_size=10)(data.images[data.test], data.texts[data.test])
    )
    plain = list(train(data, SETTINGS, seed=0))
    closing = list(train(data, SETTINGS.model_copy(update={"terms": "ce+centroid"}), seed=0))
    assert len(plain) == len(closing) == 3
    assert closing[-1][1] < plain[-1][1] < untrained(data)[1]


def test_a_seed_gives_one_curve_and_it_is_trained_once() -> None:
    data = frozen()
    curves = Curves(data, SETTINGS, seed=1)
    first = list(itertools.islice(curves({"terms": "ce+centroid", "rank": 4, "weight_centroid": 2.0}), 2))
    again = list(curves({"weight_centroid": 2.0, "rank": 4, "terms": "ce+centroid"}))
    assert again[:2] == first
    assert again == list(train(data, SETTINGS.model_copy(
        update={"terms": "ce+centroid", "weights": {"centroid": 2.0}}
    ), seed=1))  # fmt: skip
    assert again != list(curves({"terms": "ce+centroid", "rank": 4, "weight_centroid": 1.0}))
    assert len(curves._known) == 2


def test_a_trial_whose_loss_is_not_finite_ends_early() -> None:
    assert list(train(frozen(), SETTINGS.model_copy(update={"weights": {"ce": float("inf")}}), seed=0)) == []
