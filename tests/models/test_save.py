import json
import re
import shutil
from pathlib import Path
from typing import Any

import peft
import pytest
import torch
from families import FAMILIES, embed
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file, save_file

import gap.models.save
from gap.errors import UserError
from gap.models.adapters import METHODS, SCALINGS, adapt, adapter_targets, trained_parameters
from gap.models.attention import with_split_attention
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.save import load_adapter, save_adapter


def changed(
    name: str, pretrained: str | None, method: str, adapt_blocks: int | None = None, **adapter: Any
) -> tuple[Clip, peft.PeftModel | None]:
    clip = load_clip(name, pretrained)
    wrapped = adapt(clip.model, method=method, adapt_blocks=adapt_blocks, **{"rank": 2, **adapter})
    clip.model.logit_scale.requires_grad_(True)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=generator))
    return clip, wrapped


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", [*FAMILIES, "tiny", "mini"])
def test_what_is_saved_comes_back_to_the_last_bit(
    name: str, method: str, family_weights: dict[str, Path], tmp_path: Path
) -> None:
    pretrained = str(family_weights[name]) if name in family_weights else None
    clip, wrapped = changed(name, pretrained, method)
    save_adapter(clip, wrapped, tmp_path / "deep" / "adapter")
    again = load_clip(name, pretrained)
    assert (load_adapter(again, tmp_path / "deep" / "adapter") is None) == (method in ("last_layers", "full"))
    expected = clip.model.state_dict()
    assert set(again.model.state_dict()) == set(expected)
    assert all(torch.equal(value, expected[name]) for name, value in again.model.state_dict().items())
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["adapter"]


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize("name", [*FAMILIES, "tiny", "mini"])
def test_adapters_on_some_blocks_come_back_there_and_nowhere_else(
    name: str, method: str, family_weights: dict[str, Path], tmp_path: Path
) -> None:
    pretrained = str(family_weights[name]) if name in family_weights else None
    clip, wrapped = changed(name, pretrained, method, adapt_blocks=1)
    save_adapter(clip, wrapped, tmp_path / "adapter")
    again = load_clip(name, pretrained)
    load_adapter(again, tmp_path / "adapter")
    expected = clip.model.state_dict()
    assert set(again.model.state_dict()) == set(expected)
    assert all(torch.equal(value, expected[name]) for name, value in again.model.state_dict().items())


@pytest.mark.parametrize("rank", [4, 8, 32])
@pytest.mark.parametrize("scaling", SCALINGS)
@pytest.mark.parametrize("method", ["dora", "lora"])
def test_plain_peft_scales_as_the_run_did(tmp_path: Path, method: str, scaling: str, rank: int) -> None:
    clip, wrapped = changed("tiny", None, method, adapt_blocks=1, rank=rank, scaling=scaling)
    save_adapter(clip, wrapped, tmp_path / "adapter")
    base, again = load_clip("tiny"), load_clip("tiny")
    plain = peft.PeftModel.from_pretrained(with_split_attention(base.model), tmp_path / "adapter")
    load_adapter(again, tmp_path / "adapter")
    assert scales(plain) == scales(again.model) == scales(clip.model) != set()
    for got, expected in zip((*embed(base), *embed(again)), embed(clip) * 2, strict=True):
        torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-6)


def scales(model: torch.nn.Module) -> set[float]:
    return {module.scaling["default"] for module in model.modules() if isinstance(module, LoraLayer)}


def test_an_adapter_of_an_earlier_version_keeps_its_scale(tmp_path: Path) -> None:
    clip, wrapped = changed("tiny", None, "dora", rank=4, scaling="rank")
    save_adapter(clip, wrapped, tmp_path / "adapter")
    path = tmp_path / "adapter" / "adapter_config.json"
    described = json.loads(path.read_text())
    assert (described["r"], described["lora_alpha"], described.pop("use_rslora")) == (4, 4, False)
    path.write_text(json.dumps(described))
    again = load_clip("tiny")
    load_adapter(again, tmp_path / "adapter")
    assert scales(again.model) == {1.0}


def test_an_old_adapter_gives_way_to_a_new_one(tmp_path: Path) -> None:
    save_adapter(*changed("tiny", None, "full"), tmp_path / "adapter")
    clip, wrapped = changed("tiny", None, "dora")
    save_adapter(clip, wrapped, tmp_path / "adapter")
    assert set(load_file(tmp_path / "adapter" / "trained.safetensors")) == {"logit_scale"}


def test_everybody_may_read_what_is_saved(tmp_path: Path) -> None:
    for method in ("dora", "full"):
        save_adapter(*changed("tiny", None, method), tmp_path / method)
        for path in (tmp_path / method).iterdir():
            assert path.stat().st_mode & 0o777 == 0o644, path


def test_the_loaded_model_gives_the_very_embeddings_of_the_trained_one(tmp_path: Path) -> None:
    for method in METHODS:
        clip, wrapped = changed("tiny", None, method)
        save_adapter(clip, wrapped, tmp_path / method)
        again = load_clip("tiny")
        load_adapter(again, tmp_path / method)
        assert torch.equal(again.model.logit_scale, clip.model.logit_scale)
        assert all(torch.equal(got, expected) for got, expected in zip(embed(again), embed(clip), strict=True)), method


def test_other_weights_under_the_same_name_are_refused(tmp_path: Path, family_weights: dict[str, Path]) -> None:
    weights = tmp_path / "weights.safetensors"
    shutil.copyfile(family_weights["small-vit"], weights)
    for method in ("dora", "last_layers"):
        save_adapter(*changed("small-vit", str(weights), method), tmp_path / method)
    load_adapter(load_clip("small-vit", str(weights)), tmp_path / "dora")
    save_file({name: 1.001 * tensor for name, tensor in load_file(weights).items()}, weights)
    for method in ("dora", "last_layers"):
        with pytest.raises(UserError, match=r"was trained on small-vit .* with other weights than it has now"):
            load_adapter(load_clip("small-vit", str(weights)), tmp_path / method)


def test_a_later_format_is_refused(tmp_path: Path) -> None:
    save_adapter(*changed("tiny", None, "dora"), tmp_path / "adapter")
    path = tmp_path / "adapter" / "trained.safetensors"
    save_file(load_file(path), path, metadata={"model": "tiny", "pretrained": "", "format": "3"})
    with pytest.raises(UserError, match="has format 3: a later version of this package wrote it"):
        load_adapter(load_clip("tiny"), tmp_path / "adapter")


def save_as_before(
    name: str, pretrained: str | None, method: str, directory: Path, adapt_blocks: int | None = None
) -> Clip:
    """Train and save as the versions before format 2: names of the split model, no digest, no page."""
    clip = load_clip(name, pretrained)
    wrapped = None
    if method in ("dora", "lora"):
        clip.model.requires_grad_(False)
        targets = "|".join(map(re.escape, adapter_targets(clip.model, adapt_blocks)))
        config = peft.LoraConfig(r=2, lora_alpha=2, use_dora=method == "dora", target_modules=targets)
        wrapped = peft.get_peft_model(clip.model, config)
    else:
        adapt(clip.model, method=method)
    clip.model.logit_scale.requires_grad_(True)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(0.02 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    directory.mkdir(parents=True)
    if wrapped is not None:
        wrapped.save_pretrained(directory, save_embedding_layers=False)
    rest = {
        name: value.detach().contiguous()
        for name, value in clip.model.named_parameters()
        if name in ("logit_scale", "logit_bias") or (value.requires_grad and ".lora_" not in name)
    }
    save_file(rest, directory / "trained.safetensors", metadata={"model": name, "pretrained": pretrained or ""})
    return clip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["small-pooled-vit", "small-resnet", "small-xlm-roberta", "tiny", "mini"])
def test_adapters_of_earlier_versions_load(
    name: str, method: str, family_weights: dict[str, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pretrained = str(family_weights[name]) if name in family_weights else None
    blocks = 1 if method == "dora" else None
    clip = save_as_before(name, pretrained, method, tmp_path / "old", blocks)
    again = load_clip(name, pretrained)
    wrapped = load_adapter(again, tmp_path / "old")
    assert "is of an earlier version: whether" in caplog.text
    expected = clip.model.state_dict()
    assert set(again.model.state_dict()) == set(expected)
    assert all(torch.equal(value, expected[name]) for name, value in again.model.state_dict().items())
    save_adapter(again, wrapped, tmp_path / "new")  # and are saved as new ones
    newer = load_clip(name, pretrained)
    load_adapter(newer, tmp_path / "new")
    assert all(torch.equal(value, expected[name]) for name, value in newer.model.state_dict().items())


def test_a_failed_save_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip, wrapped = changed("tiny", None, "dora")
    save_adapter(clip, wrapped, tmp_path / "adapter")
    before = {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()}

    def full_disk(*arguments: object, **keywords: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(gap.models.save, "save_file", full_disk)
    with pytest.raises(OSError, match="no space left"):
        save_adapter(clip, wrapped, tmp_path / "adapter")
    assert {path.name: path.read_bytes() for path in (tmp_path / "adapter").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["adapter"]
    assert (tmp_path / "adapter" / "README.md").is_file()


def test_the_wrong_base_is_refused(tmp_path: Path, family_weights: dict[str, Path]) -> None:
    weights = str(family_weights["small-vit"])
    save_adapter(*changed("small-vit", weights, "dora"), tmp_path / "adapter")
    with pytest.raises(UserError, match=r"was trained on small-vit .*, not on tiny"):
        load_adapter(load_clip("tiny"), tmp_path / "adapter")


def test_damaged_adapters_are_named_in_one_line(tmp_path: Path) -> None:
    def refused(message: str) -> None:
        with pytest.raises(UserError, match=message) as caught:
            load_adapter(load_clip("tiny"), tmp_path / "adapter")
        assert "\n" not in str(caught.value)

    refused("expected a directory with trained.safetensors")
    save_adapter(*changed("tiny", None, "dora"), tmp_path / "adapter")
    weights_path = tmp_path / "adapter" / "adapter_model.safetensors"
    weights = load_file(weights_path)
    first = next(iter(weights))
    save_file({name: value for name, value in weights.items() if name != first}, weights_path)
    refused("does not fit: ")
    save_file({**weights, "base_model.model.nowhere.lora_A.weight": torch.ones(1)}, weights_path)
    refused("does not fit: .*nowhere")
    weights_path.write_bytes(b"no tensors")
    refused("cannot be read")
    (tmp_path / "adapter" / "adapter_config.json").write_text("{")
    refused("does not fit: ")
    (tmp_path / "adapter" / "trained.safetensors").write_bytes(b"")
    refused("trained.safetensors cannot be read")
