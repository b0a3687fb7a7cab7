from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from small_data import write_small_data
from torch import Tensor

from gap.data import PairDataset, open_dataset
from gap.losses import total_loss
from gap.models.adapters import adapt, trained_parameters
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.mini import IMAGE_SIZE
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.split import find_prefix
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.prefix_cache import image_states, text_states
from gap.training.prefix_encoders import prefix_image_encoder, prefix_text_encoder

CPU = torch.device("cpu")
METHODS: list[dict[str, Any]] = [
    {"method": "last_layers", "last_n": 1},
    {"method": "last_layers", "last_n": 2},
    {"method": "dora", "adapt_blocks": 1},
    {"method": "lora", "adapt_blocks": 2},
]


@pytest.fixture(scope="module")
def datasets(tmp_path_factory: pytest.TempPathFactory) -> dict[str, PairDataset]:
    home = tmp_path_factory.mktemp("data")
    sizes = {"tiny": 32, "mini": IMAGE_SIZE}
    return {name: open_dataset(write_small_data(home / name, image_size=size)) for name, size in sizes.items()}


def adapted(model: str, *, checkpointing: bool = False, **method: Any) -> Clip:
    clip = load_clip(model)
    torch.manual_seed(0)
    adapt(clip.model, **method)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    clip.model.to(memory_format=torch.channels_last)
    return clip


def whole_towers(clip: Clip, dataset: PairDataset, tokens: Tensor, precision: str) -> tuple[Encoder, Encoder]:
    image = pixel_encoder(clip, dataset.images, device=CPU, precision=precision)
    return image, token_encoder(clip, tokens, device=CPU, precision=precision)


def split_towers(
    clip: Clip, dataset: PairDataset, tokens: Tensor, precision: str, cache: Path
) -> tuple[Encoder, Encoder]:
    how: dict[str, Any] = {"device": CPU, "precision": precision}
    image, text = (find_prefix(clip, tower, **how) for tower in ("image", "text"))
    assert image is not None
    assert text is not None
    images, texts = (
        image_states(image, dataset, cache_dir=cache, **how),
        text_states(text, tokens, cache_dir=cache, **how),
    )
    return prefix_image_encoder(image, images, **how), prefix_text_encoder(text, texts, tokens, **how)


def train(clip: Clip, towers: tuple[Encoder, Encoder], rows: list[np.ndarray]) -> tuple[list[float], Tensor]:
    """Make a few optimiser steps; return the losses, and the features of everything in evaluation mode."""
    clip.model.logit_scale.requires_grad_(True)
    # Not Adam, which divides a gradient by its size: of one that is nearly zero, rounding decides the direction.
    optimiser = torch.optim.SGD(trained_parameters(clip.model), lr=0.002, momentum=0.9)
    train_mode(clip.model)
    losses = []
    for batch in rows:
        image_features, text_features = (tower.encode(tower.gather(batch)) for tower in towers)
        scale = clip.model.logit_scale.exp()
        loss, _ = total_loss(image_features, text_features, terms={"ce": 1.0, "align": 1.0}, logit_scale=scale)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    clip.model.eval()
    with torch.inference_mode():
        features = torch.cat([tower.encode(tower.gather(np.arange(24))) for tower in towers])
    return losses, features


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("method", METHODS, ids=lambda method: "-".join(map(str, method.values())))
@pytest.mark.parametrize("model", ["tiny", pytest.param("mini", marks=pytest.mark.slow)])
def test_steps_and_evaluation_are_those_of_the_whole_towers(
    model: str, method: dict[str, Any], checkpointing: bool, datasets: dict[str, PairDataset], tmp_path: Path
) -> None:
    dataset = datasets[model]
    order = np.random.default_rng(0).permutation(24)
    rows = [order[:8], order[8:13], order[13:], order[:3]]
    outcomes = []
    for split in (False, True):
        clip = adapted(model, checkpointing=checkpointing, **method)
        tokens = clip.tokenize([texts[0] for texts in dataset.captions])
        towers = (
            split_towers(clip, dataset, tokens, "fp32", tmp_path)
            if split
            else whole_towers(clip, dataset, tokens, "fp32")
        )
        outcomes.append(train(clip, towers, rows))
    (expected, whole), (got, split_features) = outcomes
    assert got == pytest.approx(expected, abs=1e-5)
    assert abs(expected[0] - expected[3]) > 1e-4
    torch.testing.assert_close(split_features, whole, atol=1e-5, rtol=0)


@pytest.mark.parametrize("model", ["tiny", "mini"])
def test_in_bf16_features_are_those_of_the_whole_towers(
    model: str, datasets: dict[str, PairDataset], tmp_path: Path
) -> None:
    clip = adapted(model, method="last_layers", last_n=1)
    tokens = clip.tokenize([texts[0] for texts in datasets[model].captions])
    rows = np.array([3, 20, 3])
    whole = whole_towers(clip, datasets[model], tokens, "bf16")
    split = split_towers(clip, datasets[model], tokens, "bf16", tmp_path)
    for one, other in zip(split, whole, strict=True):
        got, expected = one.encode(one.gather(rows)), other.encode(other.gather(rows))
        assert got.dtype == torch.float32
        torch.testing.assert_close(got, expected, atol=0.01, rtol=0.02)
        assert got.requires_grad


def test_what_is_gathered(datasets: dict[str, PairDataset], tmp_path: Path) -> None:
    clip = adapted("mini", method="last_layers", last_n=1)
    tokens = clip.tokenize([texts[0] for texts in datasets["mini"].captions])
    image, text = split_towers(clip, datasets["mini"], tokens, "fp32", tmp_path)
    rows = np.array([5, 0, 23, 5])
    (hidden,) = image.gather(rows)
    assert hidden.shape[0] == 4
    assert torch.equal(hidden[0], hidden[3])
    assert not torch.equal(hidden[0], hidden[1])
    hidden.zero_()  # a copy: the file stays as it is
    assert image.gather(rows)[0].any()
    short, states = text.gather(rows)
    assert torch.equal(short, tokens[rows][:, : short.shape[1]])
    assert states.shape[:2] == short.shape
    assert short.shape[1] < tokens.shape[1]
    assert states.is_contiguous()
