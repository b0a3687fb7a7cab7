import math
from collections import Counter
from pathlib import Path

import pytest
import torch
from small_data import write_small_data
from torch import nn

from gap.errors import UserError
from gap.models.adapters import METHODS, adapt
from gap.models.bare import bare_clip
from gap.training.config import TrialConfig
from gap.training.decay import split_by_axes, split_by_decay
from gap.training.fit import fit
from gap.training.learner import make_optimiser

# Small ones of every family: open_clip's ViT and ResNet, timm's ViT, ConvNeXt, FastViT, ViTamin, EVA and Swin.
FAMILIES = (
    "tiny", "mini", "RN50", "convnext_tiny", "MobileCLIP2-S0", "ViTamin-S", "EVA02-B-16", "ViT-B-16-SigLIP",
    "PE-Core-T-16-384", "coca_ViT-B-32", "swin_base_patch4_window7_224", "xlm-roberta-base-ViT-B-32",
)  # fmt: skip


def model_of(name: str, method: str = "full", rank: int = 8) -> nn.Module:
    bare = bare_clip(name, None if name in ("mini", "tiny") else "weights.pt")
    with torch.device("meta"):
        adapt(bare.model, method=method, rank=rank)
    bare.model.logit_scale.requires_grad_(True)
    return bare.model


def counted(model: nn.Module, names: list[str]) -> int:
    parameters = dict(model.named_parameters())
    return sum(parameters[name].numel() for name in names)


def test_no_magnitude_of_mini_decays() -> None:
    model = model_of("mini", "dora")
    decays, stays = split_by_decay(model)
    magnitudes = [name for name, _ in model.named_parameters() if "lora_magnitude_vector" in name]
    assert set(magnitudes) < set(stays)
    by_axes = [name for name in split_by_axes(model)[0] if name in magnitudes]
    assert counted(model, by_axes) == 12_016  # those of 1x1 convolutions, with four axes
    assert all(".lora_A." in name or ".lora_B." in name for name in decays)
    assert set(stays) == {*magnitudes, "logit_scale"}


@pytest.mark.parametrize("name", ["tiny", "mini"])
def test_factors_of_rank_1_decay_although_they_are_vectors(name: str) -> None:
    model = model_of(name, "dora", rank=1)
    decays, _ = split_by_decay(model)
    assert {name for name, _ in model.named_parameters() if ".lora_A." in name or ".lora_B." in name} == set(decays)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", FAMILIES)
def test_every_trained_parameter_is_on_one_side(name: str, method: str) -> None:
    model = model_of(name, method)
    trained = [name for name, parameter in model.named_parameters() if parameter.requires_grad]
    decays, stays = split_by_decay(model)
    assert sorted([*decays, *stays]) == sorted(trained)
    parameters = dict(model.named_parameters())
    assert all(parameters[name].ndim > 1 for name in decays)


@pytest.mark.parametrize("name", FAMILIES)
def test_what_open_clips_training_spares_is_spared(name: str) -> None:
    """open_clip_train's rule: one axis, or bn, ln, bias or logit_scale in the name."""
    model = model_of(name)
    _, stays = split_by_decay(model)
    spared = {
        name for name, p in model.named_parameters()
        if p.ndim < 2 or name.rpartition(".")[2] in ("bias", "logit_scale", "logit_bias")
    }  # fmt: skip
    assert spared <= set(stays)


# What has several axes and yet is no weight: names' ends, and how many there are.
SCALES = {
    "MobileCLIP2-S0": {"gamma"},
    "ViT-B-16-SigLIP": set(),
    "EVA02-B-16": {"cls_token"},
    "PE-Core-T-16-384": {"cls_token"},
    "convnext_tiny": set(),
    "RN50": set(),
    "swin_base_patch4_window7_224": set(),
}


@pytest.mark.parametrize("name", SCALES)
def test_scales_and_class_tokens_with_several_axes(name: str) -> None:
    model = model_of(name)
    parameters = dict(model.named_parameters())
    found = Counter(one.rpartition(".")[2] for one in split_by_decay(model)[1] if parameters[one].ndim > 1)
    assert set(found) == SCALES[name]


def test_what_decays_shrinks_and_nothing_else() -> None:
    class Small(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(4, 2))

    model = Small()
    adapt(model, method="dora", rank=1)
    decays, stays = split_by_decay(model)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(1.0)
    optimiser = make_optimiser(model, lr=0.1, weight_decay=0.5)
    parameters = dict(model.named_parameters())
    for name in (*decays, *stays):
        parameters[name].grad = torch.zeros_like(parameters[name])
    optimiser.step()
    assert all(torch.allclose(parameters[name], torch.tensor(0.95)) for name in decays)
    assert all(torch.equal(parameters[name], torch.ones_like(parameters[name])) for name in stays)
    assert len(decays) == 4
    assert len(stays) == 2


def test_a_state_of_an_earlier_version_goes_on(tmp_path: Path) -> None:
    """Its optimiser's states lie in the order of the number of axes, and its configuration has no scaling."""
    data = write_small_data(tmp_path / "squares")
    settings = {"model": "mini", "epochs": 2, "batch_size": 8, "rank": 2, "pool_size": 4, "adapt_blocks": 1}
    config = TrialConfig(data=data, **settings, lr=1e-3, scaling="rank")
    plain = list(fit(config))
    run = fit(config, state_file=tmp_path / "state.pt")
    for _ in range(2):
        next(run)
    run.close()
    rewrite_as_earlier(tmp_path / "state.pt", config)
    again = list(fit(config, state_file=tmp_path / "state.pt"))
    assert [report["loss"] for report in again[1:]] == [report["loss"] for report in plain[1:]]
    with pytest.raises(UserError, match="holds a run with scaling 'rank', not 'rslora'"):
        list(fit(config.model_copy(update={"scaling": "rslora"}), state_file=tmp_path / "state.pt"))


def test_a_state_of_an_earlier_version_with_decay_is_refused(tmp_path: Path) -> None:
    data = write_small_data(tmp_path / "squares")
    settings = {"model": "mini", "epochs": 2, "batch_size": 8, "rank": 2, "pool_size": 4, "adapt_blocks": 1}
    config = TrialConfig(data=data, **settings, scaling="rank", weight_decay=0.1)
    run = fit(config, state_file=tmp_path / "state.pt")
    for _ in range(2):
        next(run)
    run.close()
    rewrite_as_earlier(tmp_path / "state.pt", config)
    with pytest.raises(UserError, match="an earlier version, which decayed other parameters: begin it anew"):
        list(fit(config, state_file=tmp_path / "state.pt"))


def rewrite_as_earlier(path: Path, config: TrialConfig) -> None:
    """Write a state file as it was before grouping went by name."""
    state = torch.load(path, weights_only=True)
    now = [name for group in state.pop("optimised") for name in group]
    with torch.device("meta"):
        model = bare_clip("mini").model
        adapt(model, method="dora", rank=config.rank, adapt_blocks=config.adapt_blocks)
    model.logit_scale.requires_grad_(True)
    before = split_by_axes(model)
    assert [name for group in before for name in group] != now
    states, groups = state["optimiser"]["state"], state["optimiser"]["param_groups"]
    start = 0
    for names, group in zip(before, groups, strict=True):
        group["params"] = list(range(start, start + len(names)))
        start += len(names)
    state["optimiser"]["state"] = {
        new: states[now.index(name)] for new, name in enumerate(name for group in before for name in group)
    }
    del state["config"]["scaling"]
    assert math.isfinite(state["optimiser"]["param_groups"][0]["lr"])
    torch.save(state, path)
