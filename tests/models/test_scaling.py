import json
from pathlib import Path

import peft
import pytest
import torch
from families import embed
from torch import nn

from gap.errors import UserError
from gap.models.adapters import adapt, trained_parameters
from gap.models.load import load_clip
from gap.models.save import load_adapter, save_adapter
from gap.models.scaling import SCALINGS

FACTORS = {
    "rslora": {4: 2**0.5, 8: 1.0, 16: 0.5**0.5, 32: 0.5},
    "alpha": {4: 2.0, 8: 1.0, 16: 0.5, 32: 0.25},
    "rank": {4: 1.0, 8: 1.0, 16: 1.0, 32: 1.0},
}


def test_every_scaling_has_its_factors() -> None:
    assert set(FACTORS) == set(SCALINGS)


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_the_factor_is_one_at_rank_8(scaling: str, method: str) -> None:
    for rank, factor in FACTORS[scaling].items():
        model = nn.Sequential(nn.Linear(40, 40))
        adapt(model, method=method, rank=rank, scaling=scaling)
        assert model[0].scaling["default"] == pytest.approx(factor, rel=1e-15)
        if rank == 8:
            assert model[0].scaling["default"] == 1.0  # to the last bit: rank 8 gives the numbers that it gave


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize("scaling", SCALINGS)
def test_what_is_saved_says_the_same_to_plain_peft(tmp_path: Path, scaling: str, method: str) -> None:
    clip = load_clip("tiny")
    wrapped = adapt(clip.model, method=method, rank=2, scaling=scaling)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    save_adapter(clip, wrapped, tmp_path / "adapter")
    plain, ours = load_clip("tiny"), load_clip("tiny")
    read = peft.PeftModel.from_pretrained(plain.model, tmp_path / "adapter")
    load_adapter(ours, tmp_path / "adapter")
    factors = {module.scaling["default"] for module in read.modules() if hasattr(module, "scaling")}
    assert factors == {module.scaling["default"] for module in clip.model.modules() if hasattr(module, "lora_A")}
    for got, mine, expected in zip(embed(plain), embed(ours), embed(clip), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-6)
        torch.testing.assert_close(mine, expected, atol=1e-6, rtol=1e-6)


def test_adapters_of_earlier_versions_load_with_their_factor_of_one(tmp_path: Path) -> None:
    clip = load_clip("tiny")
    save_adapter(clip, adapt(clip.model, method="dora", rank=2, scaling="rank"), tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_config.json"
    described = json.loads(path.read_text())
    assert (described["lora_alpha"], described["use_rslora"]) == (2, False)
    again = load_clip("tiny")
    load_adapter(again, tmp_path / "adapter")
    assert {module.scaling["default"] for module in again.model.modules() if hasattr(module, "lora_A")} == {1.0}


def test_an_unknown_scaling_is_named() -> None:
    with pytest.raises(UserError, match="unknown scaling 'rslore': did you mean 'rslora'"):
        adapt(nn.Linear(2, 2), scaling="rslore")
