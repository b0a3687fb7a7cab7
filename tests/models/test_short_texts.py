from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from families import FAMILIES
from torch import Tensor

from gap.models.adapters import adapt, trained_parameters
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.short_texts import ShortTextClip
from gap.training.tokens import padding_id, trim_padding

TEXTS = ["a bee", "wow!", "!", "two bees and a flower in the garden !!!", ""]
MASKED = {"small-xlm-roberta": 1, "small-nllb": 1}  # towers of transformers, which leave padding out of attention
SHORT = {"small-vit", "small-vit-quickgelu", "small-pooled-vit", "small-convnext", "small-resnet"}


@pytest.fixture(params=["tiny", *FAMILIES])
def clip(request: pytest.FixtureRequest, family_weights: dict[str, Path]) -> Iterator[Clip]:
    name = request.param
    return load_clip(name, None if name == "tiny" else str(family_weights[name]))


def gradients(clip: Clip, tokens: Tensor) -> tuple[Tensor, list[Tensor | None]]:
    clip.model.zero_grad()
    features = clip.model.encode_text(tokens)
    weights = torch.randn(features.shape, generator=torch.Generator().manual_seed(0), dtype=features.dtype)
    (features * weights).sum().backward()
    return features, [parameter.grad for parameter in trained_parameters(clip.model)]


def test_which_families_take_short_texts(clip: Clip) -> None:
    assert isinstance(clip.model, ShortTextClip) == (clip.name in SHORT | {"tiny"})
    expected = 0 if isinstance(clip.model, ShortTextClip) else MASKED.get(clip.name)
    assert padding_id(clip.model) == expected


@pytest.mark.parametrize("method", ["dora", "full"])
@pytest.mark.parametrize("checkpointing", [False, True])
def test_features_and_gradients_are_those_of_padded_texts(clip: Clip, method: str, checkpointing: bool) -> None:
    if padding_id(clip.model) is None:
        assert trim_padding(clip.tokenize(TEXTS), padding_id(clip.model)).shape == clip.tokenize(TEXTS).shape
        return
    clip.model.double()
    adapt(clip.model, method=method, rank=2)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(0.01)
    train_mode(clip.model)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    padded = clip.tokenize(TEXTS)
    short = trim_padding(padded, padding_id(clip.model))
    assert short.shape[1] < padded.shape[1]
    expected, expected_gradients = gradients(clip, padded)
    got, got_gradients = gradients(clip, short)
    torch.testing.assert_close(got, expected, rtol=1e-10, atol=1e-10)
    reached = 0
    for gradient, other in zip(got_gradients, expected_gradients, strict=True):
        assert (gradient is None) == (other is None)
        if gradient is not None and other is not None:
            reached += 1
            torch.testing.assert_close(gradient, other, rtol=1e-8, atol=1e-10)
    assert reached > 5


def test_nothing_is_left_behind() -> None:
    model = load_clip("tiny").model
    before = set(vars(model))
    model.encode_text(torch.tensor([[49406, 320, 49407]]))
    assert set(vars(model)) == before
    assert model.positional_embedding.shape[0] == 77
    with pytest.raises(RuntimeError):
        model.encode_text(torch.zeros(1, 99, dtype=torch.int64))
    assert set(vars(model)) == before
