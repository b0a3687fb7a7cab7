from pathlib import Path

import open_clip
import pytest
import torch
from families import FAMILIES, embed, images_and_tokens

from gap.errors import UserError
from gap.models.attention import SplitAttention
from gap.models.load import load_clip


@pytest.mark.parametrize("name", FAMILIES)
def test_a_local_checkpoint_gives_what_open_clip_gives(name: str, family_weights: dict[str, Path]) -> None:
    clip = load_clip(name, str(family_weights[name]))
    plain = open_clip.create_model(name, pretrained=str(family_weights[name])).eval()
    images, tokens = images_and_tokens(clip)
    torch.testing.assert_close(clip.model.encode_image(images), plain.encode_image(images), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(clip.model.encode_text(tokens), plain.encode_text(tokens), atol=1e-5, rtol=1e-5)
    assert not clip.model.training
    assert {parameter.dtype for parameter in clip.model.parameters()} == {torch.float32}
    assert not any(isinstance(module, torch.nn.MultiheadAttention) for module in clip.model.modules())


def test_tiny_is_the_same_every_time_and_takes_no_randomness() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = load_clip("tiny")
    assert torch.equal(torch.rand(3), expected)
    for got, again in zip(embed(first), embed(load_clip("tiny")), strict=True):
        assert torch.equal(got, again)
    assert sum(isinstance(module, SplitAttention) for module in first.model.modules()) == 6


def test_loading_a_file_takes_no_randomness(family_weights: dict[str, Path]) -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    load_clip("small-vit", str(family_weights["small-vit"]))
    assert torch.equal(torch.rand(3), expected)


def test_a_pt_of_plain_tensors_is_a_checkpoint(tmp_path: Path) -> None:
    changed = {name: value + 1 for name, value in open_clip_state().items()}
    torch.save({"state_dict": {f"module.{name}": value for name, value in changed.items()}}, tmp_path / "tiny.pt")
    clip = load_clip("tiny", str(tmp_path / "tiny.pt"))
    torch.testing.assert_close(clip.model.logit_scale.detach(), changed["logit_scale"])


def open_clip_state() -> dict[str, torch.Tensor]:
    from gap.models.tiny import load_tiny

    return dict(load_tiny().model.state_dict())


@pytest.mark.parametrize(
    ("name", "pretrained", "message"),
    [
        ("tinny", None, "unknown model 'tinny': did you mean 'tiny'"),
        ("ViT-B-23", "openai", "unknown model 'ViT-B-23': did you mean 'ViT-B-32'"),
        ("ViT-B-32", None, "model ViT-B-32 needs pretrained: one of openai, "),
        ("ViT-B-32", "opena", "unknown pretrained tag of ViT-B-32 'opena': did you mean 'openai'"),
        ("ViT-B-32", "weights/none.pt", "checkpoint weights/none.pt: no such file"),
        ("tiny", "none.safetensors", "checkpoint none.safetensors: no such file"),
        ("ViT-B-32-quickgelu", "laion2b_s34b_b79k", "unknown pretrained tag of ViT-B-32-quickgelu"),
    ],
)
def test_errors_are_one_line(name: str, pretrained: str | None, message: str) -> None:
    with pytest.raises(UserError) as caught:
        load_clip(name, pretrained)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_weights_that_cannot_be_downloaded(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def unreachable(*arguments: object, **keywords: object) -> str:
        raise FileNotFoundError("no route to the hub\nsecond line")

    monkeypatch.setattr("open_clip.factory.download_pretrained", unreachable)
    with pytest.raises(UserError, match=r"^cannot get the weights openai of ViT-B-32 \(.*no route to the hub.*\): run"):
        load_clip("ViT-B-32", "openai")
    assert not caplog.records


def test_openai_weights_get_quick_gelu_under_the_plain_name(
    monkeypatch: pytest.MonkeyPatch, family_weights: dict[str, Path]
) -> None:
    import gap.models.published

    monkeypatch.setattr(gap.models.published, "get_pretrained_cfg", lambda name, tag: {"quick_gelu": True, "url": "x"})
    monkeypatch.setattr("open_clip.factory.get_pretrained_cfg", lambda name, tag: {"quick_gelu": True, "url": "x"})
    weights = str(family_weights["small-vit"])
    monkeypatch.setattr("open_clip.factory.download_pretrained", lambda *arguments, **keywords: weights)
    clip = load_clip("small-vit", "openai")
    assert clip.architecture["quick_gelu"] is True
    assert "QuickGELU" in {type(module).__name__ for module in clip.model.modules()}
    monkeypatch.setattr(gap.models.published, "get_pretrained_cfg", lambda name, tag: {"url": "x"})
    with pytest.raises(UserError, match="was trained with GELU: take model small-vit, not small-vit-quickgelu"):
        load_clip("small-vit-quickgelu", "laion")


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", b"\x80\x02K\x01."])
@pytest.mark.parametrize("suffix", [".pt", ".safetensors"])
def test_a_damaged_file(tmp_path: Path, content: bytes, suffix: str) -> None:
    path = tmp_path / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(UserError, match=f"checkpoint .*weights{suffix} ") as caught:
        load_clip("tiny", str(path))
    assert "\n" not in str(caught.value)


def test_a_file_that_runs_code_is_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return Path.touch, (tmp_path / "ran",)

    torch.save({"state_dict": Evil()}, tmp_path / "evil.pt")
    with pytest.raises(UserError, match="cannot be read as plain tensors"):
        load_clip("tiny", str(tmp_path / "evil.pt"))
    assert not (tmp_path / "ran").exists()


def test_another_architecture(family_weights: dict[str, Path]) -> None:
    with pytest.raises(UserError, match="is not of a tiny: ") as caught:
        load_clip("tiny", str(family_weights["small-resnet"]))
    assert "\n" not in str(caught.value)
