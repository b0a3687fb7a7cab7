import copy

import peft
import pytest
import torch
from torch import Tensor, nn

from gap.models.adapters import adapt, trained_parameters
from gap.models.dora import LinearDora, PointwiseDora


class Linears(nn.Sequential):
    """Two layers, one with a bias that is large beside its outputs and one without, and what is between them."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 5, bias=False))
        nn.init.normal_(self[0].bias, std=5.0)  # type: ignore[arg-type]


class Pointwise(nn.Sequential):
    """Two 1×1 convolutions, one with a bias and one with strides, around something between them."""

    def __init__(self) -> None:
        torch.manual_seed(0)
        super().__init__(nn.Conv2d(3, 8, 1), nn.ReLU6(), nn.Conv2d(8, 5, 1, stride=(2, 3), bias=False))


def inputs(kind: type[nn.Module], dtype: torch.dtype = torch.float64) -> Tensor:
    shape = (2, 3, 7, 6) if kind is Pointwise else (2, 9, 6)
    return torch.randn(shape, generator=torch.Generator().manual_seed(4), dtype=dtype)


def pair(kind: type[nn.Sequential], dtype: torch.dtype = torch.float64, rank: int = 2) -> tuple[nn.Module, nn.Module]:
    """Our layers and PEFT's with the same parameters, adapters far from their start."""
    ours, plain = kind(), kind()
    adapt(ours, method="dora", rank=rank, scaling="rank")
    peft.get_peft_model(
        plain, peft.LoraConfig(r=rank, lora_alpha=rank, use_dora=True, target_modules=["0", "2"], lora_dropout=0.0)
    )
    generator = torch.Generator().manual_seed(4)
    state = {name: torch.randn(value.shape, generator=generator) for name, value in plain.state_dict().items()}
    for model in (ours, plain):
        model.to(dtype).load_state_dict(state)
    return ours, plain


def gradients(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    model.zero_grad()
    x = x.clone().requires_grad_()
    (model(x) ** 2).sum().backward()
    trained = {name: p.grad for name, p in model.named_parameters() if p.requires_grad}
    found = {"x": x.grad, **trained}
    assert all(gradient is not None for gradient in found.values())
    return {name: gradient.clone() for name, gradient in found.items() if gradient is not None}


@pytest.mark.parametrize("kind", [Linears, Pointwise])
@pytest.mark.parametrize("rank", [1, 3])
def test_values_and_gradients_are_pefts(kind: type[nn.Sequential], rank: int) -> None:
    ours, plain = pair(kind, rank=rank)
    assert [type(module) for module in ours.modules() if isinstance(module, LinearDora | PointwiseDora)]
    assert not [type(module) for module in plain.modules() if isinstance(module, LinearDora | PointwiseDora)]
    x = inputs(kind)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-12, atol=1e-12)
    got, expected = gradients(ours, x), gradients(plain, x)
    assert got.keys() == expected.keys()
    assert len(got) == 7  # the input, and two factors and a magnitude in either layer
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-10, atol=1e-10, msg=name)


@pytest.mark.parametrize("kind", [Linears, Pointwise])
def test_in_single_precision_too(kind: type[nn.Sequential]) -> None:
    ours, plain = pair(kind, torch.float32)
    x = inputs(kind, torch.float32)
    got, expected = gradients(ours, x), gradients(plain, x)
    for name, gradient in expected.items():
        assert ((got[name] - gradient).norm() / gradient.norm()).item() < 1e-5, name


@pytest.mark.parametrize("kind", [Linears, Pointwise])
def test_under_autocast_outputs_and_gradients_are_near(kind: type[nn.Sequential]) -> None:
    ours, plain = pair(kind, torch.float32)
    x = inputs(kind, torch.float32)
    exact = gradients(plain, x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert ours(x).dtype == torch.bfloat16
        got, expected = gradients(ours, x), gradients(plain, x)
    for name, gradient in exact.items():
        ours_off, plain_off = ((one[name] - gradient).norm() / gradient.norm() for one in (got, expected))
        assert got[name].dtype == gradient.dtype
        assert ours_off < max(2 * plain_off, torch.tensor(0.02)), name


def test_the_kept_weight_follows_every_change() -> None:
    ours, plain = pair(Linears)
    x = inputs(Linears)
    optimisers = [torch.optim.AdamW(list(trained_parameters(model)), lr=0.1, fused=True) for model in (ours, plain)]
    for _ in range(3):
        for model, optimiser in zip((ours, plain), optimisers, strict=True):
            gradients(model, x)
            optimiser.step()
        torch.testing.assert_close(ours(x), plain(x), rtol=1e-9, atol=1e-9)
    state = {name: value + 0.5 for name, value in plain.state_dict().items()}
    for model in (ours, plain):
        model.load_state_dict(state)
    torch.testing.assert_close(ours(x), plain(x))
    for model in (ours, plain):
        model[0].lora_B["default"].weight = nn.Parameter(torch.ones(8, 2, dtype=torch.float64))
        model[2].scaling["default"] = 3.0
    torch.testing.assert_close(ours(x), plain(x))
    for model in (ours, plain):
        model.float()
    torch.testing.assert_close(ours(x.float()), plain(x.float()))


def test_the_weight_is_formed_once_between_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    from gap.models import dora_weight

    formed = []
    merge = dora_weight.merge
    monkeypatch.setattr(dora_weight, "merge", lambda *arguments: formed.append(1) or merge(*arguments))
    ours, _ = pair(Linears)
    optimiser = torch.optim.SGD(trained_parameters(ours), lr=0.1)
    for _ in range(2):
        with torch.inference_mode():
            ours(inputs(Linears))
        gradients(ours, inputs(Linears))
        gradients(ours, inputs(Linears))
        optimiser.step()
    assert len(formed) == 2 * 2  # two layers, two steps


def test_recomputation_gives_the_same_gradients() -> None:
    ours, _ = pair(Linears)
    x = inputs(Linears)
    expected = gradients(ours, x)
    recomputed = nn.Sequential(ours)
    recomputed.forward = lambda x: torch.utils.checkpoint.checkpoint(ours, x, use_reentrant=False)  # type: ignore[method-assign]
    got = gradients(recomputed, x)
    for (name, gradient), other in zip(got.items(), expected.values(), strict=True):
        torch.testing.assert_close(gradient, other, msg=name)


def test_a_copy_has_a_weight_of_its_own() -> None:
    ours, _ = pair(Linears)
    x = inputs(Linears)
    before = ours(x)
    other = copy.deepcopy(ours)
    with torch.no_grad():
        for parameter in trained_parameters(other):
            parameter.mul_(2)
    assert not torch.allclose(other(x), before)
    torch.testing.assert_close(ours(x), before)


@pytest.mark.parametrize("kind", [Linears, Pointwise])
def test_it_merges_and_can_be_switched_off(kind: type[nn.Sequential]) -> None:
    base, model = kind(), kind()
    wrapped = adapt(model, method="dora", rank=2)
    assert wrapped is not None
    with torch.no_grad():
        for parameter in trained_parameters(model):
            parameter.add_(0.1)
    x = inputs(kind, torch.float32)
    expected = model(x)
    with wrapped.disable_adapter():
        torch.testing.assert_close(model(x), base(x))
    wrapped.merge_adapter()
    torch.testing.assert_close(model(x), expected, atol=1e-5, rtol=1e-5)
    wrapped.unmerge_adapter()
    torch.testing.assert_close(model(x), expected, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(wrapped.merge_and_unload()(x), expected, atol=1e-5, rtol=1e-5)


def test_what_is_saved_loads_into_peft(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("adapter")
    model = Linears()
    wrapped = adapt(model, method="dora", rank=2)
    assert wrapped is not None
    with torch.no_grad():
        for parameter in trained_parameters(model):
            parameter.add_(0.1)
    wrapped.save_pretrained(directory)
    loaded = peft.PeftModel.from_pretrained(Linears(), directory)
    x = inputs(Linears, torch.float32)
    assert not [module for module in loaded.modules() if isinstance(module, LinearDora)]
    torch.testing.assert_close(loaded(x), model(x), atol=1e-5, rtol=1e-5)
