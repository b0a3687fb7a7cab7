"""How weights were trained travels with them, or is asked for: activation, mean and standard deviation of pixels."""

import hashlib
import json
import re
import shutil
from pathlib import Path
from typing import Any

import open_clip
import pytest
import torch
from families import embed, images_and_tokens
from open_clip.pretrained import _PRETRAINED
from test_save import changed

from gap.errors import UnavailableError, UserError
from gap.models.adapter_page import adapter_page
from gap.models.clip import Clip
from gap.models.export import export_checkpoint
from gap.models.export_page import Story, export_page
from gap.models.load import load_clip
from gap.models.recipe import by_config, by_user, decide
from gap.models.tags import published, tag_of_file
from gap.models.weight_settings import WeightSettings, absolute

HALF = (0.5, 0.5, 0.5)
OPENAI_MEAN, OPENAI_STD = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD


def entry(*, quick: bool = False, half: bool = False, **more: Any) -> dict[str, Any]:
    pixels = {"mean": HALF, "std": HALF} if half else {"mean": OPENAI_MEAN, "std": OPENAI_STD}
    return {"url": "", "hf_hub": "", "interpolation": "bicubic", "resize_mode": "shortest", **pixels, **more} | (
        {"quick_gelu": True} if quick else {}
    )


@pytest.fixture
def weights(family_weights: dict[str, Path], tmp_path: Path) -> Path:
    """Weights of small-vit alone in a folder."""
    (tmp_path / "alone").mkdir()
    return Path(shutil.copy(family_weights["small-vit"], tmp_path / "alone" / "weights.safetensors"))


@pytest.fixture
def tags(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """open_clip's table of small-vit, in ViT-L-14's manner."""
    table = {
        "openai": entry(quick=True),
        "laion400m": entry(),
        "laion2b": entry(half=True, hf_hub="lab/small-laion2b/"),
    }
    monkeypatch.setitem(_PRETRAINED, "small-vit", table)
    monkeypatch.setitem(_PRETRAINED, "small-vit-quickgelu", {"openai": entry(quick=True)})
    return table


def assert_reads_as(clip: Clip, architecture: str, file: Path) -> None:
    plain = open_clip.create_model(architecture, pretrained=str(file)).eval()
    images, tokens = images_and_tokens(clip)
    torch.testing.assert_close(clip.model.encode_image(images), plain.encode_image(images), atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(clip.model.encode_text(tokens), plain.encode_text(tokens), atol=1e-6, rtol=1e-5)
    quick = "QuickGELU" in {type(module).__name__ for module in clip.model.modules()}
    assert quick == architecture.endswith("-quickgelu")


def test_the_two_activations_differ(weights: Path) -> None:
    images, tokens = images_and_tokens(load_clip("small-vit", str(weights)))
    one, other = (
        open_clip.create_model(n, pretrained=str(weights)).eval() for n in ("small-vit", "small-vit-quickgelu")
    )
    assert not torch.allclose(one.encode_image(images), other.encode_image(images), atol=1e-4)
    assert not torch.allclose(one.encode_text(tokens), other.encode_text(tokens), atol=1e-4)


def test_where_tags_differ_and_nothing_tells_the_choices_are_named(weights: Path, tags: dict[str, Any]) -> None:
    with pytest.raises(UserError, match="nothing tells the activation") as caught:
        load_clip("small-vit", str(weights))
    said = str(caught.value)
    assert "--model small-vit-quickgelu:FILE for QuickGELU, like openai" in said
    assert (
        "--model small-vit:FILE --set quick_gelu=false --set image_mean=[0.5,0.5,0.5] --set image_std=[0.5,0.5" in said
    )
    assert "\n" not in said
    with pytest.raises(UserError, match=r"nothing tells the mean and std .*image_mean=\[0.5,0.5,0.5\]"):
        load_clip("small-vit", str(weights), WeightSettings(quick_gelu=False))


def test_what_the_user_says_comes_first(weights: Path, tags: dict[str, Any]) -> None:
    clip = load_clip("small-vit-quickgelu", str(weights))
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    assert (clip.mean, clip.std) == (OPENAI_MEAN, OPENAI_STD)  # of all published weights with this activation
    clip = load_clip("small-vit", str(weights), WeightSettings(quick_gelu=True))
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    clip = load_clip("small-vit", str(weights), WeightSettings(image_mean=HALF, image_std=HALF))
    assert_reads_as(clip, "small-vit", weights)  # the only published ones with these have GELU
    assert clip.origin.line() == (
        f"weights {weights}: GELU (all published weights of small-vit); mean 0.5 0.5 0.5, std 0.5 0.5 0.5 (as set)"
    )
    with pytest.raises(UserError, match="expected model small-vit, got small-vit-quickgelu"):
        load_clip("small-vit-quickgelu", str(weights), WeightSettings(quick_gelu=False))


@pytest.mark.parametrize("how", ["sha256", "release", "name", "hub"])
def test_the_file_is_one_of_the_published(weights: Path, tags: dict[str, Any], how: str) -> None:
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    file = weights
    if how == "sha256":
        tags["laion2b"]["url"] = f"https://openaipublic.azureedge.net/clip/models/{digest}/small.pt"
    elif how == "release":
        tags["laion2b"]["url"] = f"https://github.com/mlfoundations/open_clip/releases/v0/small-{digest[:8]}.pt"
    elif how == "name":
        file = weights.rename(weights.with_name("small-vit-laion2b.safetensors"))
    else:
        file = weights.parent / "models--lab--small-laion2b" / "snapshots" / "0" / "weights.safetensors"
        file.parent.mkdir(parents=True)
        weights.rename(file)
    clip = load_clip("small-vit", str(file))
    assert_reads_as(clip, "small-vit", file)
    assert (clip.mean, clip.std) == (HALF, HALF)
    assert "tag laion2b by its " in str(clip.origin.line())
    assert clip.origin.sha256 == digest


def test_a_known_name_with_another_digest_is_not_that_file(weights: Path, tags: dict[str, Any]) -> None:
    tags["openai"]["url"] = f"https://openaipublic.azureedge.net/clip/models/{'0' * 64}/weights.safetensors"
    assert tag_of_file("small-vit", weights, "1" * 64) is None
    tags["openai"]["url"] = "https://elsewhere.org/weights.safetensors"
    assert tag_of_file("small-vit", weights, "1" * 64) == ("openai", "its name")


def test_where_all_tags_agree_they_tell(weights: Path, tags: dict[str, Any]) -> None:
    del tags["laion400m"], tags["laion2b"]
    clip = load_clip("small-vit", str(weights))
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    assert "QuickGELU (all published weights of small-vit)" in str(clip.origin.line())
    assert clip.architecture["quick_gelu"] is True


def test_of_published_models_those_that_open_clip_trained() -> None:
    assert published("roberta-ViT-B-32")["laion2b_s12b_b32k"]["quick_gelu"]  # of the architecture, not of the entry
    assert published("ViT-L-14")["laion2b_s32b_b82k"]["mean"] == HALF
    with pytest.raises(UserError, match="--model ViT-B-16-quickgelu:FILE for QuickGELU, like openai"):
        decide("ViT-B-16", [])
    assert decide("ViT-L-14-336", []).quick_gelu is True
    assert decide("ViT-B-32-256", []).quick_gelu is False
    siglip = decide("ViT-B-16-SigLIP", [])
    assert (siglip.mean, siglip.resize_mode) == (HALF, "squash")
    assert "trained on images resized by 'squash'" in siglip.notes[0]
    assert "bilinear" in decide("MobileCLIP-S1", []).notes[0]
    assert decide("RN50", []).notes == ()


def config_beside(weights: Path, model: dict[str, Any], **pixels: Any) -> None:
    written = {"model_cfg": model, "preprocess_cfg": pixels}
    (weights.parent / "open_clip_config.json").write_text(json.dumps(written))


def test_the_configuration_beside_the_file(weights: Path, tags: dict[str, Any]) -> None:
    architecture = {**open_clip.get_model_config("small-vit"), "quick_gelu": True}
    config_beside(weights, architecture, mean=[0.1, 0.2, 0.3], std=[0.4, 0.5, 0.6], resize_mode="squash", size=32)
    clip = load_clip("small-vit", str(weights))
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    assert (clip.mean, clip.std) == ((0.1, 0.2, 0.3), (0.4, 0.5, 0.6))
    said = str(clip.origin.line())
    assert "QuickGELU (open_clip_config.json beside it)" in said
    assert "resized by 'squash'" in said
    config_beside(weights, open_clip.get_model_config("small-resnet"))
    with pytest.raises(UserError, match=r"another architecture than small-vit: vision_cfg\.head_width is 64 there, 16"):
        load_clip("small-vit", str(weights))
    config_beside(weights, architecture, mean="no")
    with pytest.raises(UserError, match="expected mean of three numbers, got 'no'"):
        load_clip("small-vit", str(weights))
    for content in ("{", "[]", '{"model_cfg": {}}', "[" * 100_000):
        (weights.parent / "open_clip_config.json").write_text(content)
        with pytest.raises(UserError, match=r"open_clip_config\.json is no configuration of open_clip's") as caught:
            load_clip("small-vit", str(weights))
        assert "\n" not in str(caught.value)


def test_a_configuration_of_another_file_is_not_believed(weights: Path, tags: dict[str, Any]) -> None:
    shutil.copy(weights, weights.with_name("open_clip_model.safetensors"))
    config_beside(weights, {**open_clip.get_model_config("small-vit"), "quick_gelu": True}, mean=HALF, std=HALF)
    with pytest.raises(UserError, match="nothing tells"):
        load_clip("small-vit", str(weights))
    clip = load_clip("small-vit-quickgelu", str(weights))
    assert clip.mean == OPENAI_MEAN
    assert "is taken to be about another file" in str(clip.origin.line())
    assert load_clip("small-vit", str(weights.with_name("open_clip_model.safetensors"))).mean == HALF


def test_contradictions_are_said() -> None:
    says = by_config({"quick_gelu": False}, {}, "here")
    evidence = [*by_user("ViT-L-14-quickgelu", WeightSettings(), has_choice=True), ("the file beside it", says)]
    assert decide("ViT-L-14-quickgelu", evidence).notes == ("the file beside it says otherwise: GELU",)


@pytest.mark.parametrize("name", ["small-vit", "small-xlm-roberta", "small-siglip-i18n", "mini", "tiny"])
@pytest.mark.parametrize("form", ["file", "local-dir"])
def test_an_exported_trial_is_the_next_base(
    name: str,
    form: str,
    family_weights: dict[str, Path],
    tmp_path: Path,
    tags: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = WeightSettings(
        quick_gelu=True if name in ("small-vit", "tiny") else None, image_mean=HALF, image_std=HALF
    )
    base = load_clip(name, str(family_weights[name]) if name in family_weights else None, settings)
    _, wrapped = changed_of(base)
    export_checkpoint(base, wrapped, tmp_path / "export")
    file = tmp_path / "export" / "open_clip_model.safetensors"
    again = load_clip(name, str(file)) if form == "file" else load_clip(f"local-dir:{tmp_path / 'export'}")
    for got, expected in zip(embed(again), embed(base), strict=True):
        torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-5)
    assert (again.mean, again.std, again.image_size) == (HALF, HALF, base.image_size)
    assert torch.equal(again.tokenize(["a bee"]), base.tokenize(["a bee"]))
    page = adapter_page(again, changed_of(again)[1])
    assert export_page(again, Story()).count(str(tmp_path)) == 0
    monkeypatch.chdir("/")
    lines = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)[0]
    found: dict[str, Any] = {}
    exec(lines[: lines.index("PeftModel.from_pretrained(")], found)  # what makes the base, from elsewhere
    assert {name for name, _ in found["model"].named_parameters()} >= {"logit_scale"}
    if name in ("small-vit", "tiny"):
        assert again.architecture["quick_gelu"] is True


def changed_of(clip: Clip) -> tuple[Clip, Any]:
    from gap.models.adapters import adapt, trained_parameters

    wrapped = adapt(clip.model, method="dora", rank=2)
    with torch.no_grad():
        for parameter in trained_parameters(clip.model):
            parameter.add_(0.01)
    return clip, wrapped


def test_for_which_bases_the_weights_of_an_export_serve_under_their_name(
    family_weights: dict[str, Path], tmp_path: Path
) -> None:
    """Under a plain name, plain open_clip knows neither QuickGELU nor another mean; a -quickgelu name does."""
    for name, quick, same in (
        ("small-vit", False, True),
        ("small-vit-quickgelu", None, True),
        ("small-vit", True, False),
    ):
        clip, wrapped = changed(name, str(family_weights["small-vit"]), "dora") if not quick else changed_of(
            load_clip(name, str(family_weights["small-vit"]), WeightSettings(quick_gelu=True, image_mean=HALF))
        )  # fmt: skip
        folder = tmp_path / f"{name}-{quick}"
        export_checkpoint(clip, wrapped, folder)
        plain = open_clip.create_model(name, pretrained=str(folder / "open_clip_model.safetensors")).eval()
        images, _ = images_and_tokens(clip)
        assert torch.allclose(plain.encode_image(images), clip.model.encode_image(images), atol=1e-5) == same
        assert plain.visual.preprocess_cfg["mean"] == OPENAI_MEAN  # whatever the base's was
        described = open_clip.create_model(f"local-dir:{folder}").eval()
        assert tuple(described.visual.preprocess_cfg["mean"]) == clip.mean
        torch.testing.assert_close(
            described.encode_image(images), clip.model.encode_image(images), atol=1e-5, rtol=1e-5
        )


def test_places_with_weights(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    architecture = {**open_clip.get_model_config("small-vit"), "quick_gelu": True}
    config_beside(weights, architecture, mean=HALF)
    clip = load_clip(f"local-dir:{weights.parent}")
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    assert (clip.mean, clip.std) == (HALF, OPENAI_STD)
    assert "std 0.2686 0.2613 0.2758 (open_clip's default)" in str(clip.origin.line())

    def download(repository: str, filename: str | None = None, **_: object) -> str:
        assert repository == "lab/small"
        return str(weights.parent / "open_clip_config.json" if filename else weights)

    monkeypatch.setattr("gap.models.architecture.download_pretrained_from_hf", download)
    monkeypatch.setattr("open_clip.factory.download_pretrained_from_hf", download)
    clip = load_clip("hf-hub:lab/small")
    assert_reads_as(clip, "small-vit-quickgelu", weights)
    assert clip.mean == HALF


def test_places_that_are_none(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> str:
        raise FileNotFoundError("no route\nto the hub")

    monkeypatch.setattr("gap.models.architecture.download_pretrained_from_hf", offline)
    for name, pretrained, message in (
        ("local-dir:no/where", None, "model local-dir:no/where: no such directory"),
        (f"local-dir:{weights.parent}", None, "open_clip_config.json: no such file"),
        ("hf-hub:lab/small", None, r"cannot get open_clip_config.json of lab/small \(no route\): run once with access"),
        ("hf-hub:", None, "expected a repository"),
        ("hf-hub:lab/small", "openai", "brings its weights: expected no pretrained, got openai"),
    ):
        with pytest.raises(UserError, match=message) as caught:
            load_clip(name, pretrained)
        assert "\n" not in str(caught.value)
    config_beside(weights, open_clip.get_model_config("small-vit"))
    shutil.copy(weights, weights.with_name("other.safetensors"))
    with pytest.raises(UserError, match=r"a single file of weights, got other\.safetensors, weights\.safetensors"):
        load_clip(f"local-dir:{weights.parent}")
    for part in weights.parent.glob("*.safetensors"):
        part.unlink()
    with pytest.raises(UserError, match=r"got none"):
        load_clip(f"local-dir:{weights.parent}")


def test_our_own_models_with_files_and_settings(tmp_path: Path) -> None:
    assert load_clip("tiny").origin.line() is None
    clip = load_clip("tiny", None, WeightSettings(quick_gelu=True, image_mean=HALF))
    assert clip.architecture["quick_gelu"] is True
    assert (clip.mean, clip.std) == (HALF, OPENAI_STD)
    assert "QuickGELU" in {type(module).__name__ for module in clip.model.modules()}
    with pytest.raises(UserError, match="the towers of mini have activations of their own"):
        load_clip("mini", None, WeightSettings(quick_gelu=True))


def test_another_file_under_the_same_name(weights: Path) -> None:
    digest = hashlib.sha256(weights.read_bytes()).hexdigest()
    load_clip("small-vit", str(weights), WeightSettings(weights_sha256=digest))
    with pytest.raises(UnavailableError, match="is another file than the one expected"):
        load_clip("small-vit", str(weights), WeightSettings(weights_sha256="0" * 64))


def test_a_file_does_not_take_the_place_of_a_tag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "openai").write_bytes(b"")
    assert absolute("ViT-L-14", "openai") == ("ViT-L-14", "openai")


def test_paths_are_absolute(monkeypatch: pytest.MonkeyPatch, weights: Path) -> None:
    monkeypatch.chdir(weights.parent)
    assert absolute("small-vit", weights.name) == ("small-vit", str(weights))
    assert absolute("local-dir:.", None) == (f"local-dir:{weights.parent}", None)
    assert absolute("small-vit", "openai") == ("small-vit", "openai")
