import json
from inspect import signature
from pathlib import Path
from typing import get_args

import pytest
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from peft.tuners.lora import LoraLayer
from torch import Tensor, nn

import gap.models
from gap.errors import UserError
from gap.models.adapters import METHODS, SCALINGS, adapt, trained_parameters
from gap.models.attention import split_attention
from gap.training.settings import TrainingSettings

LAST_BLOCKS = ("visual.transformer.resblocks.2", "transformer.resblocks.1")
PROJECTIONS = ("attn.q_proj", "attn.k_proj", "attn.v_proj", "attn.out_proj", "mlp.c_fc", "mlp.c_proj")
TINY = Path(gap.models.__file__).parent / "configs" / "tiny.json"


def tiny() -> nn.Module:
    config = json.loads(TINY.read_text())
    torch.manual_seed(0)
    model = CLIP(config["embed_dim"], CLIPVisionCfg(**config["vision_cfg"]), CLIPTextCfg(**config["text_cfg"]))
    split_attention(model)
    return model.eval()


def embed(model: nn.Module) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    images = torch.randn(4, 3, 32, 32, generator=generator)
    tokens = torch.randint(1, 49407, (4, 77), generator=generator)
    return model.encode_image(images), model.encode_text(tokens)


@pytest.mark.parametrize("method", METHODS)
def test_an_adapted_model_starts_as_its_base(method: str) -> None:
    expected = embed(tiny())
    model = tiny()
    adapt(model, method=method, rank=4)
    for got, base in zip(embed(model), expected, strict=True):
        torch.testing.assert_close(got, base, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_one_step_changes_both_towers(method: str) -> None:
    model = tiny()
    adapt(model, method=method, rank=4)
    before = [features.detach().clone() for features in embed(model)]
    optimiser = torch.optim.SGD(trained_parameters(model), lr=0.1)
    images, texts = embed(model)
    (images * texts).sum().backward()
    optimiser.step()
    for got, old in zip(embed(model), before, strict=True):
        assert not torch.allclose(got, old)


@pytest.mark.parametrize("method", ["dora", "lora"])
def test_no_adapter_is_dead(method: str) -> None:
    model = tiny()
    adapt(model, method=method, rank=4)
    generator = torch.Generator().manual_seed(2)
    images, texts = embed(model)
    target = torch.randn(images.shape, generator=generator)
    ((images * target).sum() + (texts * target).sum()).backward()
    second = {name: p for name, p in model.named_parameters() if "lora_B" in name}
    assert len(second) == 6 * 6  # q, k, v, out and two of the MLP in six blocks
    assert [name for name, p in second.items() if p.grad is None or not p.grad.any()] == []


def test_the_temperature_is_left_to_its_policy() -> None:
    for method in METHODS:
        model = tiny()
        adapt(model, method=method)
        assert not model.logit_scale.requires_grad


def test_rank_and_last_n_decide_how_much_is_trained() -> None:
    def trained(**settings: int | str) -> int:
        model = tiny()
        adapt(model, **settings)  # type: ignore[arg-type]
        return sum(parameter.numel() for parameter in trained_parameters(model))

    assert trained(method="lora", rank=8) == 2 * trained(method="lora", rank=4)
    assert trained(method="lora", rank=4) < trained(method="dora", rank=4)
    assert trained(method="last_layers", last_n=1) * 2 == trained(method="last_layers", last_n=2)
    assert trained(method="last_layers", last_n=3) < trained(method="full")


def test_the_number_of_adapted_blocks_is_each_towers_own() -> None:
    # the name of the text tower's last block is the end of the name of an image block that is not the last
    model = tiny()
    del model.transformer.resblocks[-1]
    adapt(model, method="lora", rank=1, adapt_blocks=1)
    adapted = {name.split(".lora_")[0] for name, p in model.named_parameters() if p.requires_grad}
    places = [f"{tower}.{place}" for tower in LAST_BLOCKS for place in PROJECTIONS]
    assert adapted == set(places)


def scales(model: nn.Module) -> set[float]:
    return {module.scaling["default"] for module in model.modules() if isinstance(module, LoraLayer)}


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize(("scaling", "at_2", "at_32"), [("rslora", 2.0, 0.5), ("alpha", 4.0, 0.25), ("rank", 1.0, 1.0)])
def test_the_scale_of_an_update_is_one_at_rank_8(method: str, scaling: str, at_2: float, at_32: float) -> None:
    for rank, expected in ((2, at_2), (32, at_32)):
        model = tiny()
        adapt(model, method=method, rank=rank, scaling=scaling)
        assert [*scales(model)] == [pytest.approx(expected, rel=1e-15)]
    model = tiny()
    adapt(model, method=method, rank=8, scaling=scaling)
    assert scales(model) == {1.0}  # to the last bit: rank 8 gives the same numbers with every scaling


def test_every_scaling_is_a_setting_and_the_defaults_are_the_same() -> None:
    field = TrainingSettings.model_fields["scaling"]
    assert set(get_args(field.annotation)) == set(SCALINGS)
    assert field.default == signature(adapt).parameters["scaling"].default


def test_as_many_blocks_as_there_are_is_every_block() -> None:
    def trained(adapt_blocks: int | None) -> set[str]:
        model = tiny()
        adapt(model, method="dora", rank=1, adapt_blocks=adapt_blocks)
        return {name for name, p in model.named_parameters() if p.requires_grad}

    assert trained(2) < trained(3) == trained(99) == trained(None)


def test_other_methods_take_no_notice_of_adapted_blocks() -> None:
    for method in ("last_layers", "full"):
        one, other = tiny(), tiny()
        adapt(one, method=method)
        adapt(other, method=method, adapt_blocks=1)
        assert [p.requires_grad for p in one.parameters()] == [p.requires_grad for p in other.parameters()]


def test_errors_name_the_allowed() -> None:
    with pytest.raises(UserError, match="unknown adaptation method 'doora': did you mean 'dora'"):
        adapt(tiny(), method="doora")
    with pytest.raises(UserError, match="unknown scaling of adapters 'rslore': did you mean 'rslora'"):
        adapt(tiny(), scaling="rslore")
    with pytest.raises(UserError, match="last_layers needs towers made of blocks"):
        adapt(nn.Linear(2, 2), method="last_layers")
    with pytest.raises(UserError, match="adapt_blocks needs towers made of blocks, and the image tower has none"):
        adapt(nn.Linear(2, 2), method="dora", adapt_blocks=1)
