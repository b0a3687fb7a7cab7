import copy

import pytest
import torch
from open_clip.model import CLIP, CLIPTextCfg, CLIPVisionCfg
from torch import Tensor, nn

from gap.models.attention import SplitAttention, packed_state_dict, split_attention


def packed(batch_first: bool, bias: bool = True, kdim: int | None = None) -> nn.MultiheadAttention:
    torch.manual_seed(0)
    module = nn.MultiheadAttention(12, 3, bias=bias, batch_first=batch_first, kdim=kdim, vdim=kdim)
    if bias:  # torch starts the biases at zero, which would hide a lost one
        nn.init.normal_(module.in_proj_bias)
        nn.init.normal_(module.out_proj.bias)
    return module


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("kdim", [None, 8])
@pytest.mark.parametrize("mask", ["none", "bool", "float", "heads"])
@pytest.mark.parametrize("training", [True, False])
def test_equals_the_packed_module_in_value_and_gradient(
    batch_first: bool, bias: bool, kdim: int | None, mask: str, training: bool
) -> None:
    module = packed(batch_first, bias, kdim).train(training)
    split = SplitAttention(module)
    query = torch.randn((2, 5, 12) if batch_first else (5, 2, 12))
    context = torch.randn((2, 5, kdim or 12) if batch_first else (5, 2, kdim or 12))
    causal = torch.ones(5, 5, dtype=torch.bool).triu(1)
    attn_mask = {
        "none": None,
        "bool": causal,
        "float": torch.zeros(5, 5).masked_fill(causal, -torch.inf),
        "heads": torch.randn(6, 5, 5),
    }[mask]

    def run(attention: nn.Module) -> tuple[Tensor, Tensor]:
        x = query.clone().requires_grad_()
        output = attention(x, context, context, need_weights=False, attn_mask=attn_mask)[0]
        (gradient,) = torch.autograd.grad(output.square().sum(), x)
        return output, gradient

    for got, expected in zip(run(split), run(module), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("kdim", [None, 8])
@pytest.mark.parametrize("bias", [True, False])
def test_state_dict_round_trips_exactly(kdim: int | None, bias: bool) -> None:
    tower = nn.ModuleDict({"attn": packed(True, bias, kdim), "other": nn.Linear(3, 3)})
    before = copy.deepcopy(tower.state_dict())
    assert split_attention(tower) == 1
    after = packed_state_dict(tower)
    assert after.keys() == before.keys()
    assert all(after[key].equal(before[key]) for key in before)


def test_a_whole_clip_keeps_its_embeddings() -> None:
    torch.manual_seed(0)
    vision = CLIPVisionCfg(layers=2, width=32, head_width=16, patch_size=16, image_size=32)
    text = CLIPTextCfg(layers=2, width=32, heads=2, vocab_size=100, context_length=12)
    model = CLIP(16, vision, text).eval()
    images, tokens = torch.randn(3, 3, 32, 32), torch.randint(0, 100, (3, 12))
    with torch.no_grad():
        before = model.encode_image(images), model.encode_text(tokens)
        assert split_attention(model) == 4
        after = model.encode_image(images), model.encode_text(tokens)
    for got, expected in zip(after, before, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
    assert not any(isinstance(module, nn.MultiheadAttention) for module in model.modules())


def test_what_it_cannot_do_is_refused() -> None:
    split = SplitAttention(packed(True))
    x = torch.randn(1, 2, 12)
    with pytest.raises(ValueError, match="need_weights=False"):
        split(x, x, x)
    with pytest.raises(ValueError, match="cannot be split"):
        SplitAttention(nn.MultiheadAttention(12, 3, add_bias_kv=True))
