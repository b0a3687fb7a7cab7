from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from families import FAMILIES, images_and_tokens
from torch import Tensor, nn

from gap.models.adapters import adapt
from gap.models.attention import SplitAttention
from gap.models.blocks import tower_blocks
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing, train_mode
from gap.models.precision import autocast
from gap.models.prefix import ENCODE, Prefix, frozen_blocks, replaced_forwards
from gap.models.split import find_prefix
from gap.training.tokens import padding_id, trim_padding

NAMES = [*FAMILIES, "tiny", "mini"]
METHODS: list[dict[str, Any]] = [{"method": "last_layers", "last_n": 1}, {"method": "dora", "adapt_blocks": 1}]
CPU = torch.device("cpu")


@pytest.fixture(params=NAMES)
def clip(request: pytest.FixtureRequest, family_weights: dict[str, Path]) -> Clip:
    return load_clip(request.param, str(family_weights[request.param]) if request.param in family_weights else None)


def prepared(clip: Clip, tower: str, *, precision: str = "fp32", checkpointing: bool = False, **method: Any) -> Prefix:
    adapt(clip.model, rank=2, **method)
    generator = torch.Generator().manual_seed(3)
    for name, parameter in clip.model.named_parameters():
        if "lora_B" in name:
            parameter.data = 0.01 * torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
    gradient_checkpointing(clip.model, enabled=checkpointing)
    clip.model.to(memory_format=torch.channels_last)
    prefix = find_prefix(clip, tower, device=CPU, precision=precision)
    assert prefix is not None
    return prefix


def examples(clip: Clip, tower: str, n: int = 3) -> Tensor:
    images, tokens = images_and_tokens(clip, n)
    dtype = next(clip.model.parameters()).dtype
    return {"image": images.to(dtype).contiguous(memory_format=torch.channels_last), "text": tokens}[tower]


def captured(prefix: Prefix, inputs: Tensor) -> Tensor:
    """The hidden states as a cache makes them: in evaluation mode, in chunks."""
    prefix.clip.model.eval()
    hidden = torch.cat([prefix.capture(part) for part in inputs.split(2)])
    assert hidden.shape == (len(inputs), *prefix.shape)
    assert hidden.dtype == prefix.dtype
    train_mode(prefix.clip.model)
    return hidden


def gradients(clip: Clip, features: Tensor) -> dict[str, Tensor]:
    clip.model.zero_grad()
    (features * torch.linspace(-1, 1, features.numel()).view_as(features)).sum().backward()
    return {name: p.grad.clone() for name, p in clip.model.named_parameters() if p.grad is not None}


def check_same_as_the_whole_tower(prefix: Prefix, inputs: Tensor, tolerance: float = 1e-10) -> None:
    hidden = captured(prefix, inputs)
    whole = ENCODE[prefix.tower](prefix.clip.model, inputs)
    expected = gradients(prefix.clip, whole)
    split = prefix.proceed(hidden, inputs if prefix.tower == "text" else None)
    torch.testing.assert_close(split, whole, atol=tolerance, rtol=tolerance)
    got = gradients(prefix.clip, split)
    assert set(got) == set(expected)
    assert len(got) > 5
    for name in expected:
        torch.testing.assert_close(got[name], expected[name], atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize(
    ("method", "checkpointing"),
    [
        (METHODS[0], True),
        (METHODS[1], False),
        pytest.param(METHODS[0], False, marks=pytest.mark.slow),
        pytest.param(METHODS[1], True, marks=pytest.mark.slow),
    ],
    ids=["last_layers-recomputed", "dora", "last_layers", "dora-recomputed"],
)
@pytest.mark.parametrize("tower", ["image", "text"])
def test_features_and_gradients_are_those_of_the_whole_tower(
    clip: Clip, tower: str, method: dict[str, Any], checkpointing: bool
) -> None:
    clip.model.double()
    prefix = prepared(clip, tower, checkpointing=checkpointing, **method)
    assert list(prefix.blocks) == list(tower_blocks(clip.model)[tower])[:-1]
    check_same_as_the_whole_tower(prefix, examples(clip, tower))


@pytest.mark.parametrize("tower", ["image", "text"])
def test_in_bf16_too(clip: Clip, tower: str) -> None:
    prefix = prepared(clip, tower, precision="bf16", **METHODS[0])
    inputs = examples(clip, tower)
    with autocast(CPU, "bf16"):
        hidden = captured(prefix, inputs)
        whole = ENCODE[tower](clip.model, inputs)
        split = prefix.proceed(hidden, inputs if tower == "text" else None)
    torch.testing.assert_close(split.float(), whole.float(), atol=0.01, rtol=0.02)


@pytest.mark.parametrize("tower", ["image", "text"])
def test_a_state_lies_in_memory_as_the_block_left_it(clip: Clip, tower: str) -> None:
    prefix = prepared(clip, tower, **METHODS[0])
    inputs = examples(clip, tower)
    strides: list[tuple[int, ...]] = []
    blocks = clip.model.get_submodule(prefix.blocks[-1]), tower_blocks(clip.model)[tower]
    following = list(blocks[1].values())[len(prefix.blocks)]
    hook = following.register_forward_pre_hook(lambda module, args: strides.append(args[0].stride()))
    hidden = captured(prefix, inputs)
    ENCODE[tower](clip.model, inputs)
    prefix.proceed(hidden, inputs if tower == "text" else None)
    hook.remove()
    assert strides[0] == strides[1]


def test_trimmed_texts_take_trimmed_states() -> None:
    clip = load_clip("mini")
    clip.model.double()
    prefix = prepared(clip, "text", **METHODS[0])
    tokens = examples(clip, "text")
    short = trim_padding(tokens, padding_id(clip.model))
    assert short.shape[1] < tokens.shape[1]
    hidden = captured(prefix, tokens)[:, : short.shape[1]]
    torch.testing.assert_close(prefix.proceed(hidden, short), clip.model.encode_text(short), atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("tower", ["image", "text"])
def test_towers_that_put_the_length_first(tower: str, checkpointing: bool) -> None:
    clip = load_clip("tiny")
    clip.model.double()
    transformer = clip.model.visual.transformer if tower == "image" else clip.model.transformer
    transformer.batch_first = False
    for module in transformer.modules():
        if isinstance(module, SplitAttention):
            module.batch_first = False
    prefix = prepared(clip, tower, checkpointing=checkpointing, **METHODS[0])
    assert prefix.axes[0] == 1
    check_same_as_the_whole_tower(prefix, examples(clip, tower))


class NamedTupleLayer(nn.Module):
    """Takes its input by name and gives a tuple, as layers of transformers did."""

    def __init__(self, block: nn.Module, extra: tuple[Tensor, ...] = ()) -> None:
        super().__init__()
        self.block, self.extra = block, extra

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> tuple[Tensor, ...]:
        return (self.block(hidden_states, attn_mask=attention_mask), *self.extra)


class OtherTransformer(nn.Module):
    def __init__(self, layers: list[nn.Module]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(layers)

    def get_cast_dtype(self) -> torch.dtype:
        return next(self.parameters()).dtype

    def forward(self, x: Tensor, attn_mask: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(hidden_states=x, attention_mask=attn_mask)[0]
        return x


def test_layers_that_give_tuples_and_take_named_inputs() -> None:
    clip = load_clip("tiny")
    clip.model.transformer = OtherTransformer([NamedTupleLayer(block) for block in clip.model.transformer.resblocks])
    clip.model.double()
    prefix = prepared(clip, "text", method="last_layers", last_n=1)
    assert prefix.in_tuple
    check_same_as_the_whole_tower(prefix, examples(clip, "text"))


def more_than_a_state(clip: Clip) -> None:
    layers = [NamedTupleLayer(block, (torch.ones(1),)) for block in clip.model.transformer.resblocks]
    clip.model.transformer = OtherTransformer(list(layers))
    adapt(clip.model, method="last_layers", last_n=1)


def everything_trained(clip: Clip) -> None:
    adapt(clip.model, method="full")


def trained_before_the_blocks(clip: Clip) -> None:
    adapt(clip.model, method="last_layers", last_n=1)
    clip.model.visual.class_embedding.requires_grad_(True)
    clip.model.token_embedding.requires_grad_(True)


def trained_in_the_first_block(clip: Clip) -> None:
    adapt(clip.model, method="last_layers", last_n=1)
    clip.model.visual.transformer.resblocks[0].ln_1.bias.requires_grad_(True)
    clip.model.transformer.resblocks[0].ln_1.bias.requires_grad_(True)


def random_in_training(clip: Clip) -> None:
    adapt(clip.model, method="last_layers", last_n=1)
    clip.model.visual.transformer.resblocks[0].ls_1 = Noise()
    clip.model.transformer.resblocks[0].ls_1 = Noise()


def one_block_several_times(clip: Clip) -> None:
    for blocks in (clip.model.visual.transformer.resblocks, clip.model.transformer.resblocks):
        blocks[1] = blocks[0]
    adapt(clip.model, method="last_layers", last_n=1)


class Noise(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.randn_like(x) if self.training else x


@pytest.mark.parametrize(
    ("change", "towers"),
    [
        (everything_trained, ("image", "text")),
        (trained_before_the_blocks, ("image", "text")),
        (trained_in_the_first_block, ("image", "text")),
        (random_in_training, ("image", "text")),
        (one_block_several_times, ("image", "text")),
        (more_than_a_state, ("text",)),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_where_there_is_no_prefix(change: Callable[[Clip], None], towers: tuple[str, ...]) -> None:
    clip = load_clip("tiny")
    change(clip)
    for tower in towers:
        assert find_prefix(clip, tower, device=CPU, precision="fp32") is None


def test_a_cut_that_does_not_give_the_towers_features_is_none() -> None:
    class SumOfTwo(nn.Module):
        """What its layers make is not all that the next one gets."""

        def __init__(self, layers: nn.ModuleList) -> None:
            super().__init__()
            self.layers = layers

        def get_cast_dtype(self) -> torch.dtype:
            return torch.float32

        def forward(self, x: Tensor, attn_mask: Tensor) -> Tensor:
            first = self.layers[0](x, attn_mask=attn_mask)
            second = self.layers[1](first, attn_mask=attn_mask)
            last: Tensor = self.layers[2](first + second, attn_mask=attn_mask)
            return last

    clip = load_clip("tiny")
    clip.model.transformer = SumOfTwo(clip.model.transformer.resblocks)
    adapt(clip.model, method="last_layers", last_n=1)
    assert frozen_blocks(clip.model)["text"] == ["transformer.layers.0", "transformer.layers.1"]
    assert find_prefix(clip, "text", device=CPU, precision="fp32") is None


def test_looking_for_a_prefix_leaves_no_trace(clip: Clip) -> None:
    adapt(clip.model, method="last_layers", last_n=1)
    modes = [module.training for module in clip.model.modules()]
    own = [set(vars(module)) for module in clip.model.modules()]
    state = torch.get_rng_state()
    prefix = find_prefix(clip, "image", device=CPU, precision="fp32")
    assert prefix is not None
    prefix.proceed(captured(prefix, examples(clip, "image")))
    clip.model.eval()
    assert torch.equal(torch.get_rng_state(), state)
    assert [module.training for module in clip.model.modules()] == modes
    assert [set(vars(module)) for module in clip.model.modules()] == own
    assert all(p.grad is None for p in clip.model.parameters())


def test_forwards_come_back_after_an_error() -> None:
    first, second = nn.Identity(), nn.Identity()
    second.forward = lambda x: 2 * x  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError), replaced_forwards({first: lambda x: 1 / 0, second: lambda x: 0}):
        first(second(3))
    assert (first(1), second(3)) == (1, 6)


def test_every_block_frozen_is_a_prefix_too() -> None:
    clip = load_clip("tiny")
    clip.model.double().requires_grad_(False)
    clip.model.visual.proj.requires_grad_(True)
    clip.model.visual.ln_post.requires_grad_(True)
    prefix = find_prefix(clip, "image", device=CPU, precision="fp32")
    assert prefix is not None
    assert len(prefix.blocks) == len(tower_blocks(clip.model)["image"])
    images = examples(clip, "image")
    expected = clip.model.encode_image(images)
    torch.testing.assert_close(prefix.proceed(captured(prefix, images)), expected, atol=1e-10, rtol=1e-10)
