"""Files of weights as people have them: prefixes, wrappers, archives of TorchScript, tables of other sizes."""

import json
import shlex
import subprocess
import sys
import warnings
from itertools import permutations
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from families import TEXT, VISION, embed, images_and_tokens
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.architecture import build
from gap.models.checkpoint import PREFIXES, read_tensors
from gap.models.load import load_clip
from gap.models.positions import model_of_sizes
from gap.models.weight_settings import WeightSettings

RESIZED = WeightSettings(resize_positions=True)


@pytest.fixture
def state(family_weights: dict[str, Path]) -> dict[str, Tensor]:
    return load_file(family_weights["small-vit"])


def assert_is_small_vit(file: Path, family_weights: dict[str, Path]) -> None:
    clip, expected = load_clip("small-vit", str(file)), load_clip("small-vit", str(family_weights["small-vit"]))
    for got, wanted in zip(embed(clip), embed(expected), strict=True):
        assert torch.equal(got, wanted)


@pytest.mark.parametrize("order", list(permutations(PREFIXES)), ids="".join)
def test_prefixes_in_any_order(
    order: tuple[str, ...], state: dict[str, Tensor], tmp_path: Path, family_weights: dict[str, Path]
) -> None:
    save_file({"".join(order) + name: value for name, value in state.items()}, tmp_path / "weights.safetensors")
    assert_is_small_vit(tmp_path / "weights.safetensors", family_weights)


@pytest.mark.parametrize("kind", ["state_dict", "model", "nested", "open_clip_train", "compiled blocks", "half"])
def test_wrappers(kind: str, state: dict[str, Tensor], tmp_path: Path, family_weights: dict[str, Path]) -> None:
    optimizer = {"state": {0: {"step": torch.ones(()), "exp_avg": torch.ones(3)}}, "param_groups": [{"lr": 0.1}]}
    wrapped: dict[str, Any] = {
        "state_dict": {"state_dict": state},
        "model": {"model": {f"module.{name}": value for name, value in state.items()}, "epoch": 3},
        "nested": {"model": {"state_dict": state}},
        "open_clip_train": {
            "epoch": 3,
            "name": "run",
            "state_dict": {f"module._orig_mod.{name}": value for name, value in state.items()},
            "optimizer": optimizer,
        },
        "compiled blocks": {name.replace("resblocks.0.", "resblocks.0._orig_mod."): v for name, v in state.items()},
        "half": state,
    }[kind]
    torch.save(wrapped, tmp_path / "epoch_3.pt", _use_new_zipfile_serialization=kind != "half")
    assert_is_small_vit(tmp_path / "epoch_3.pt", family_weights)


def test_other_weights_in_the_same_file_are_named(state: dict[str, Tensor], tmp_path: Path) -> None:
    torch.save({"state_dict": state, "state_dict_ema": state}, tmp_path / "ema.pt")
    note = "the file holds other weights as well (state_dict_ema): those under state_dict are taken"
    assert read_tensors(tmp_path / "ema.pt").notes == (note,)
    assert note in str(load_clip("small-vit", str(tmp_path / "ema.pt")).origin.line())


def test_a_file_is_read_once(state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(state, tmp_path / "weights.pt")
    calls, load = [], torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **options: calls.append(options) or load(*args, **options))
    load_clip("small-vit", str(tmp_path / "weights.pt"))
    assert [options["weights_only"] for options in calls] == [True]


def test_what_differs_is_counted_and_the_first_of_each_is_named(state: dict[str, Tensor], tmp_path: Path) -> None:
    state["extra.one"] = state["extra.two"] = torch.zeros(1)
    del state["ln_final.weight"]
    state["text_projection"] = torch.zeros(32, 8)
    torch.save(state, tmp_path / "odd.pt")
    with pytest.raises(UserError) as caught:
        load_clip("small-vit", str(tmp_path / "odd.pt"))
    assert str(caught.value).endswith(
        "is not of a small-vit: 2 unexpected (first extra.one), 1 missing (first ln_final.weight), 1 of another shape "
        "(first text_projection: [32, 8] in the file, [32, 16] in the model)"
    )


@pytest.mark.parametrize("content", [[1, 2], {}, {"epoch": 3}, {"net": {"a": 1}}, {"state_dict": {"a": "b"}}])
def test_files_without_named_tensors(content: object, tmp_path: Path) -> None:
    torch.save(content, tmp_path / "weights.pt")
    with pytest.raises(UserError, match="holds no named tensors") as caught:
        load_clip("tiny", str(tmp_path / "weights.pt"))
    assert "\n" not in str(caught.value)


class Part(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x


def as_torchscript(state: dict[str, Tensor], path: Path) -> None:
    """Write an archive like OpenAI's: half precision, and three numbers beside the weights."""
    root = Part()
    for name, value in state.items():
        *parents, last = name.split(".")
        place: nn.Module = root
        for parent in parents:
            if not hasattr(place, parent):
                place.add_module(parent, Part())
            place = getattr(place, parent)
        place.register_parameter(last, nn.Parameter(value.half(), requires_grad=False))
    for name in ("input_resolution", "context_length", "vocab_size"):
        root.register_buffer(name, torch.tensor(1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.jit.save(torch.jit.script(root), path)


def test_an_archive_of_torchscript_names_a_remedy_that_works(
    state: dict[str, Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_torchscript(state, tmp_path / "ViT.pt")
    with pytest.raises(UserError, match=r"TorchScript archive.*--model ViT-L-14:openai.*python -c ") as caught:
        load_clip("small-vit", str(tmp_path / "ViT.pt"))
    assert "\n" not in str(caught.value)
    command = shlex.split(str(caught.value).partition(": python ")[2])
    subprocess.run([sys.executable, *command], check=True, capture_output=True)
    clip = load_clip("small-vit", str(tmp_path / "ViT-tensors.pt"))
    torch.testing.assert_close(clip.model.text_projection, state["text_projection"].half().float())
    monkeypatch.setattr("gap.models.checkpoint.tag_with_sha256", lambda sha256: ("RN50", "openai"))
    with pytest.raises(UserError, match=r"--model RN50:openai.*RN50-openai\.pt"):
        load_clip("small-vit", str(tmp_path / "ViT.pt"))


def other_sizes(tmp_path: Path, *, custom: bool = False, **sizes: int) -> Path:
    """Weights of small-vit with other sizes; an architecture without positional embeddings at its top if custom."""
    vision = {**VISION, "image_size": sizes.get("image_size", VISION["image_size"])}
    text = {**TEXT, "context_length": sizes.get("context_length", TEXT["context_length"])}
    described = {"embed_dim": 16, "vision_cfg": vision, "text_cfg": text, **({"custom_text": True} if custom else {})}
    torch.manual_seed(1)
    save_file(build(described, "other").state_dict(), tmp_path / "other.safetensors")
    return tmp_path / "other.safetensors"


@pytest.mark.parametrize(
    ("sizes", "said"),
    [
        ({"context_length": 48}, "texts of 48 tokens, not 16"),
        ({"image_size": 48}, "images of 48 pixels, not 32"),
        ({"image_size": 16, "context_length": 8}, "images of 16 pixels, not 32 and texts of 8 tokens, not 16"),
    ],
)
def test_no_table_of_positions_is_bent_unasked(
    sizes: dict[str, int], said: str, tmp_path: Path, family_weights: dict[str, Path]
) -> None:
    file = other_sizes(tmp_path, **sizes)
    with pytest.raises(UserError, match=f"{said} as small-vit takes: .*resize_positions=true") as caught:
        load_clip("small-vit", str(file))
    assert f"--model local-dir:{tmp_path}" in str(caught.value)
    assert "\n" not in str(caught.value)
    clip = load_clip("small-vit", str(file), RESIZED)
    assert f"positions interpolated: the file has them for {said}" in str(clip.origin.line())
    plain = open_clip.create_model("small-vit", pretrained=str(file)).eval()
    images, tokens = images_and_tokens(clip)
    torch.testing.assert_close(clip.model.encode_image(images), plain.encode_image(images), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(clip.model.encode_text(tokens), plain.encode_text(tokens), atol=1e-6, rtol=1e-5)


def test_the_older_names_of_a_text_tower_are_compared_as_well(tmp_path: Path) -> None:
    other_sizes(tmp_path, custom=True, context_length=48)
    described = {"embed_dim": 16, "custom_text": True, "vision_cfg": VISION, "text_cfg": TEXT}
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": described}))
    with pytest.raises(UserError, match="texts of 48 tokens, not 16"):
        load_clip(f"local-dir:{tmp_path}")


def test_the_model_of_the_files_sizes_is_named() -> None:
    assert model_of_sizes("ViT-L-14", image_size=336) == "ViT-L-14-336"
    assert model_of_sizes("ViT-B-32", image_size=256) == "ViT-B-32-256"
    assert model_of_sizes("ViT-B-32", context_length=248) is None
    assert model_of_sizes("tiny", image_size=64) is None


def test_equal_sizes_say_nothing(family_weights: dict[str, Path]) -> None:
    assert load_clip("small-vit", str(family_weights["small-vit"]), RESIZED).origin.notes == ()


def test_a_bias_that_the_file_has_not_is_said(family_weights: dict[str, Path], tmp_path: Path) -> None:
    state = load_file(family_weights["small-timm-vit"])
    del state["logit_bias"]
    save_file(state, tmp_path / "weights.safetensors")
    clip = load_clip("small-timm-vit", str(tmp_path / "weights.safetensors"))
    assert clip.model.logit_bias is not None
    assert clip.model.logit_bias.item() == 0
    assert "the file has no logit_bias: it begins at 0" in str(clip.origin.line())
