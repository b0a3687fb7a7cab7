from pathlib import Path

import pytest
import torch
from families import FAMILIES, embed, images_and_tokens
from open_clip.transformer import PatchDropout
from timm.layers import DropPath
from timm.layers import PatchDropout as TimmPatchDropout
from torch import Tensor, nn

from gap.models.activations import record_blocks
from gap.models.adapters import METHODS, adapt, check_adapters_reached, trained_parameters
from gap.models.blocks import tower_blocks
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode

NAMES = [*FAMILIES, "tiny", "mini"]


@pytest.fixture(params=NAMES)
def clip(request: pytest.FixtureRequest, family_weights: dict[str, Path]) -> Clip:
    return load_clip(request.param, str(family_weights[request.param]) if request.param in family_weights else None)


def gradients(clip: Clip) -> dict[str, Tensor]:
    images, tokens = images_and_tokens(clip)
    image_features, text_features = clip.model.encode_image(images), clip.model.encode_text(tokens)
    target = torch.linspace(-1, 1, image_features.numel()).view_as(image_features)
    ((image_features * target).sum() + (text_features * target).sum()).backward()
    return {name: p.grad for name, p in clip.model.named_parameters() if p.grad is not None}


def randomise_second_factors(model: nn.Module) -> None:
    """Where the second factor is zero, as it is at the start, the first has no gradient yet."""
    generator = torch.Generator().manual_seed(3)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.01 * torch.randn(parameter.shape, generator=generator)


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("method", ["dora", "lora"])
def test_no_adapter_is_dead(clip: Clip, method: str, checkpointing: bool) -> None:
    adapt(clip.model, method=method, rank=2)
    randomise_second_factors(clip.model)
    train_mode(clip.model)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    found = gradients(clip)
    check_adapters_reached(clip.model)
    adapters = {name for name, p in clip.model.named_parameters() if p.requires_grad}
    assert len(adapters) > 10
    assert {name for name in adapters if name not in found or not found[name].any()} == set()


def test_checkpointing_gives_the_same_gradients(clip: Clip) -> None:
    adapt(clip.model, method="dora", rank=2)
    randomise_second_factors(clip.model)
    train_mode(clip.model)
    plain = gradients(clip)
    clip.model.zero_grad()
    gradient_checkpointing(clip.model, enabled=True)
    again = gradients(clip)
    assert set(again) == set(plain)
    for name in plain:
        torch.testing.assert_close(again[name], plain[name], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("method", METHODS)
def test_an_adapted_model_starts_as_its_base(clip: Clip, method: str) -> None:
    expected = embed(clip)
    adapt(clip.model, method=method, rank=2)
    for got, base in zip(embed(clip), expected, strict=True):
        torch.testing.assert_close(got, base, atol=2e-5, rtol=1e-5)
    assert any(True for _ in trained_parameters(clip.model))


def test_training_mode_leaves_batch_statistics_and_values_alone(clip: Clip) -> None:
    expected = embed(clip)
    buffers = {name: value.clone() for name, value in clip.model.named_buffers()}
    train_mode(clip.model)
    for got, base in zip(embed(clip), expected, strict=True):
        torch.testing.assert_close(got, base, atol=2e-5, rtol=1e-5)
    assert all(torch.equal(value, buffers[name]) for name, value in clip.model.named_buffers())


@pytest.mark.parametrize("dropped", [PatchDropout(0.5), TimmPatchDropout(0.5, num_prefix_tokens=1), DropPath(0.5)])
def test_training_mode_drops_nothing(dropped: nn.Module) -> None:
    clip = load_clip("tiny")
    images, _ = images_and_tokens(clip)
    expected = clip.model.encode_image(images)
    clip.model.visual.patch_dropout = dropped
    train_mode(clip.model)
    assert dropped.training
    torch.testing.assert_close(clip.model.encode_image(images), expected, atol=2e-5, rtol=1e-5)


def test_a_bypassed_adapter_is_found() -> None:
    from gap.errors import UserError

    class Bypassed(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.bypassed = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return nn.functional.linear(self.used(x), self.bypassed.weight)

    model = Bypassed()
    adapt(model, method="lora", rank=1)
    model(torch.ones(1, 2)).sum().backward()
    with pytest.raises(UserError, match="no adapter can train bypassed, its weight is used directly"):
        check_adapters_reached(model)


def test_last_layers_train_the_same_number_of_blocks_in_both_towers(clip: Clip) -> None:
    adapt(clip.model, method="last_layers", last_n=1)
    for tower, blocks in tower_blocks(clip.model).items():
        assert len(blocks) >= 2, tower
        trained = [any(parameter.requires_grad for parameter in block.parameters()) for block in blocks.values()]
        assert trained == [False] * (len(blocks) - 1) + [True], tower


def test_every_block_is_recorded_without_changing_the_embeddings(clip: Clip) -> None:
    images, tokens = images_and_tokens(clip)
    expected = embed(clip)
    with record_blocks(clip.model) as outputs:
        got = embed(clip)
    assert all(map(torch.equal, got, expected))
    names = [name for blocks in tower_blocks(clip.model).values() for name in blocks]
    assert sorted(outputs) == sorted(names)
    for name in names:
        (pooled,) = outputs[name]
        assert pooled.ndim == 2, name
        assert len(pooled) == len(images) == len(tokens), name
        assert not pooled.requires_grad
    embed(clip)
    assert all(len(parts) == 1 for parts in outputs.values())


@pytest.mark.parametrize("method", ["dora", "lora"])
def test_adapters_on_the_last_blocks_alone(clip: Clip, method: str) -> None:
    adapt(clip.model, method=method, rank=2, adapt_blocks=1)
    trained = {name for name, p in clip.model.named_parameters() if p.requires_grad}
    behind = {"visual.attn_pool", "visual.trunk.attn_pool", "visual.trunk.conv_head", "visual.head", "text.proj"}
    allowed = {f"{list(blocks)[-1]}." for blocks in tower_blocks(clip.model).values()} | {f"{name}." for name in behind}
    assert {name for name in trained if not name.startswith(tuple(allowed))} == set()
    for tower, blocks in tower_blocks(clip.model).items():
        assert any(name.startswith(f"{list(blocks)[-1]}.") for name in trained), tower
    layers = {name for name, module in clip.model.named_modules() if name in behind and list(module.parameters())}
    assert {name for name in layers if not any(one.startswith(f"{name}.") for one in trained)} == set()


def test_adapters_on_the_last_blocks_train(clip: Clip) -> None:
    adapt(clip.model, method="dora", rank=2, adapt_blocks=1)
    randomise_second_factors(clip.model)
    train_mode(clip.model)
    found = gradients(clip)
    adapters = {name for name, p in clip.model.named_parameters() if p.requires_grad}
    assert {name for name in adapters if name not in found or not found[name].any()} == set()
