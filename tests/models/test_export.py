import os
import subprocess
import sys
from pathlib import Path

import open_clip
import pytest
import torch
from families import FAMILIES, embed, images_and_tokens
from test_save import changed

from gap.errors import UserError
from gap.models.adapters import METHODS
from gap.models.export import export_checkpoint
from gap.models.load import load_clip


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", [*FAMILIES, "tiny", "mini"])
def test_plain_open_clip_gives_the_same_embeddings(
    name: str, method: str, family_weights: dict[str, Path], tmp_path: Path
) -> None:
    clip, wrapped = changed(name, str(family_weights[name]) if name in family_weights else None, method)
    expected = embed(clip)
    export_checkpoint(clip, wrapped, tmp_path / "export")
    plain, _, preprocess = open_clip.create_model_and_transforms(f"local-dir:{tmp_path / 'export'}")
    plain.eval()
    images, tokens = images_and_tokens(clip)
    assert torch.equal(open_clip.get_tokenizer(f"local-dir:{tmp_path / 'export'}")(["a bee"]), clip.tokenize(["a bee"]))
    for got, base in zip((plain.encode_image(images), plain.encode_text(tokens)), expected, strict=True):
        torch.testing.assert_close(got, base, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(plain.logit_scale, clip.model.logit_scale)
    assert tuple(preprocess.transforms[-1].mean) == tuple(clip.mean)
    for got, base in zip(embed(clip), expected, strict=True):  # what was exported is left as it was
        assert torch.equal(got, base)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


def test_the_weights_file_serves_as_pretrained(family_weights: dict[str, Path], tmp_path: Path) -> None:
    clip, wrapped = changed("small-vit", str(family_weights["small-vit"]), "dora")
    export_checkpoint(clip, wrapped, tmp_path / "export")
    path = str(tmp_path / "export" / "open_clip_model.safetensors")
    for again in (open_clip.create_model("small-vit", pretrained=path).eval(), load_clip("small-vit", path).model):
        images, tokens = images_and_tokens(clip)
        torch.testing.assert_close(again.encode_image(images), embed(clip)[0], atol=1e-5, rtol=1e-5)
        torch.testing.assert_close(again.encode_text(tokens), embed(clip)[1], atol=1e-5, rtol=1e-5)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    clip, wrapped = changed("tiny", None, "dora")
    with pytest.raises(UserError, match="expected a new directory"):
        export_checkpoint(clip, wrapped, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_process_without_this_project_loads_it(tmp_path: Path) -> None:
    clip, wrapped = changed("tiny", None, "dora")
    export_checkpoint(clip, wrapped, tmp_path / "export")
    images, tokens = images_and_tokens(clip)
    torch.save((images, tokens), tmp_path / "inputs.pt")
    # Only torchvision's missing operators are declared, by the file that does so, without importing the package.
    shim = Path(__file__).resolve().parents[2] / "gap" / "_torchvision_ops.py"
    code = (
        f"import runpy; ops = runpy.run_path({str(shim)!r})\n"
        "import sys, torch, open_clip\n"
        f"model = open_clip.create_model('local-dir:{tmp_path / 'export'}').eval()\n"
        f"images, tokens = torch.load({str(tmp_path / 'inputs.pt')!r})\n"
        f"torch.save((model.encode_image(images), model.encode_text(tokens)), {str(tmp_path / 'outputs.pt')!r})\n"
        "assert not {'gap', 'peft'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True, env={**os.environ, "PYTHONPATH": ""})
    for got, expected in zip(torch.load(tmp_path / "outputs.pt"), embed(clip), strict=True):
        torch.testing.assert_close(got, expected.detach(), atol=1e-5, rtol=1e-5)
