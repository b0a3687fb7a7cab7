"""Saved adapters as somebody meets them who has the folder, open_clip and PEFT."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import open_clip
import peft
import pytest
import torch
from families import FAMILIES, embed, images_and_tokens
from test_save import changed

from gap.models.adapters import METHODS
from gap.models.attention import with_split_attention
from gap.models.mini import build
from gap.models.save import save_adapter
from gap.models.tiny import load_tiny

NAMES = [*FAMILIES, "tiny", "mini"]
ROOT = Path(__file__).resolve().parents[2]
# Runs the lines of every page below a folder, each where the page is, and keeps what the loaded model makes of inputs.
DRIVER = """
import gap, os, pathlib, sys, torch, open_clip
home, weights = map(pathlib.Path, sys.argv[1:])
for path in weights.glob("*.json"):
    open_clip.add_model_config(path)
for script in sorted(home.glob("*/*/script.py")):
    os.chdir(script.parent)
    found = {}
    exec(compile(script.read_text(), str(script), "exec"), found)
    images, tokens = torch.load("inputs.pt")
    model = found["model"]
    torch.save((model.encode_image(images), model.encode_text(tokens), model.logit_scale), "outputs.pt")
assert "gap.models.save" not in sys.modules
"""


def code_of(page: str) -> str:
    return re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)[0]


def pretrained_of(name: str, weights: dict[str, Path]) -> str | None:
    return str(weights[name]) if name in weights else None


def plain(name: str, weights: dict[str, Path]) -> torch.nn.Module:
    """The base as open_clip builds it, nothing split."""
    if name in weights:
        return open_clip.create_model(name, pretrained=str(weights[name])).eval()
    return build() if name == "mini" else load_tiny().model.eval()


@pytest.fixture(scope="module")
def moved(family_weights: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Results of every method for every family, somewhere else, with what the lines of its page load."""
    home, elsewhere = tmp_path_factory.mktemp("saved"), tmp_path_factory.mktemp("moved")
    for name in NAMES:
        for method in METHODS:
            clip, wrapped = changed(name, pretrained_of(name, family_weights), method)
            directory = home / name / method
            save_adapter(clip, wrapped, directory)
            (directory / "script.py").write_text(code_of((directory / "README.md").read_text()))
            torch.save(images_and_tokens(clip), directory / "inputs.pt")
            with torch.no_grad():
                torch.save((*embed(clip), clip.model.logit_scale), directory / "expected.pt")
    shutil.copytree(home, elsewhere, dirs_exist_ok=True)
    shutil.rmtree(home)
    weights = next(iter(family_weights.values())).parent
    subprocess.run(
        [sys.executable, "-c", DRIVER, elsewhere, weights], check=True, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    return elsewhere


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_the_lines_of_the_page_load_it_whole(name: str, method: str, moved: Path) -> None:
    *features, scale = torch.load(moved / name / method / "outputs.pt")
    *expected, expected_scale = torch.load(moved / name / method / "expected.pt")
    assert torch.equal(scale, expected_scale)
    for got, trained in zip(features, expected, strict=True):
        torch.testing.assert_close(got, trained, atol=2e-5, rtol=2e-5)


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize("name", NAMES)
def test_on_a_plain_model_peft_raises(name: str, method: str, moved: Path, family_weights: dict[str, Path]) -> None:
    model = plain(name, family_weights)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ValueError, match=r"Target modules clip_with_split_attention.* not found"):
        peft.PeftModel.from_pretrained(model, moved / name / method)
    assert set(model.state_dict()) == set(before)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("method", ["dora", "lora"])
@pytest.mark.parametrize("name", NAMES)
def test_peft_puts_in_every_tensor(name: str, method: str, moved: Path, family_weights: dict[str, Path]) -> None:
    model = plain(name, family_weights)
    wrapped = peft.PeftModel.from_pretrained(with_split_attention(model), moved / name / method)
    own = peft.get_peft_model_state_dict(wrapped, save_embedding_layers=False)
    saved = peft.utils.load_peft_weights(str(moved / name / method), device="cpu")
    assert set(own) == set(saved)
    assert all(torch.equal(own[key], saved[key]) for key in saved)


@pytest.mark.parametrize("name", [*FAMILIES, "tiny"])
def test_whole_weights_need_open_clip_alone(name: str, moved: Path, family_weights: dict[str, Path]) -> None:
    for method in ("full", "last_layers"):
        page = (moved / name / method / "README.md").read_text()
        assert ("import gap" not in page and "from gap" not in page) == (name != "tiny")


def test_the_lines_run_as_they_stand(moved: Path) -> None:
    code = (moved / "tiny" / "dora" / "script.py").read_text()
    subprocess.run(
        [sys.executable, "-c", code],
        cwd=moved / "tiny" / "dora",
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def test_the_page_says_what_it_is(moved: Path) -> None:
    page = (moved / "small-vit-quickgelu" / "dora" / "README.md").read_text()
    assert page.startswith("# DoRA adapter of small-vit-quickgelu ")
    assert "rank 2\n" in page.split("\n\n")[0] + "\n"
    assert "16 of the 24 adapted layers exist in the split model only" in page
    assert "`model.logit_scale.exp()` is" in page
    assert "has no packed attention" in (moved / "mini" / "dora" / "README.md").read_text()
    assert "# LoRA adapter of mini, rank 2" in (moved / "mini" / "lora" / "README.md").read_text()
    assert "`logit_scale` and `logit_bias`" in (moved / "small-timm-vit" / "dora" / "README.md").read_text()
