import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import open_clip
import pytest
import torch
from families import FAMILIES, embed, images_and_tokens
from PIL import Image
from test_save import changed

import gap.models.export
from gap._torchvision_ops import MISSING
from gap.data.pixels import decode
from gap.errors import UserError
from gap.models.adapters import METHODS
from gap.models.clip import Clip
from gap.models.export import export_checkpoint, text_config
from gap.models.export_page import Story
from gap.models.load import load_clip

NAMES = [*FAMILIES, "tiny", "mini"]
NOBODY = 65534
STORY = Story(title="Bees", measured="## Measured\n\nnothing", data="## Data\n\nbees", prompt="Una imagen de {}")
# Runs the lines of every page, as they stand, in its folder and from elsewhere; keeps what comes out.
DRIVER = """
import os, pathlib, re, sys, warnings
home, out, missing = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3] == "True"
folders = sorted(home.iterdir())
blocks = re.findall(r"```python\\n(.*?)```", (folders[0] / "README.md").read_text(), flags=re.DOTALL)
if missing:
    exec(blocks[1])
import torch
from PIL import Image
for folder in folders:
    code = re.findall(r"```python\\n(.*?)```", (folder / "README.md").read_text(), flags=re.DOTALL)[0]
    here, there = {}, {}
    os.chdir(folder)
    exec(compile(code, folder.name, "exec"), here)
    os.chdir("/")
    exec(compile(code.replace('folder = "."', f"folder = {str(folder)!r}"), folder.name, "exec"), there)
    with torch.inference_mode():
        picture = here["preprocess"](here["on_white"](Image.open(out / "transparent.png"))).unsqueeze(0)
        shown = here["model"].encode_image(picture, normalize=True)
    same = all(torch.equal(here[name], there[name]) for name in ("image_features", "text_features"))
    result = here["image_features"], here["text_features"], shown, here["model"].logit_scale, same
    torch.save(result, out / folder.name)
assert not {"gap", "peft", "study"} & set(sys.modules)
"""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_plain_open_clip_gives_the_same_embeddings(
    name: str, method: str, family_weights: dict[str, Path], tmp_path: Path
) -> None:
    clip, wrapped = changed(name, str(family_weights[name]) if name in family_weights else None, method)
    expected = embed(clip)
    export_checkpoint(clip, wrapped, tmp_path / "export")
    there = f"local-dir:{tmp_path / 'export'}"
    plain, _, preprocess = open_clip.create_model_and_transforms(there, text_cfg=text_config(tmp_path / "export"))
    plain.eval()
    images, tokens = images_and_tokens(clip)
    assert torch.equal(open_clip.get_tokenizer(there)(["a bee"]), clip.tokenize(["a bee"]))
    for got, base in zip((plain.encode_image(images), plain.encode_text(tokens)), expected, strict=True):
        torch.testing.assert_close(got, base, atol=1e-5, rtol=1e-5)
    assert torch.equal(plain.logit_scale, clip.model.logit_scale)
    assert tuple(preprocess.transforms[-1].mean) == tuple(clip.mean)
    for got, base in zip(embed(clip), expected, strict=True):  # what was exported is left as it was
        assert torch.equal(got, base)
    assert [path.name for path in tmp_path.iterdir()] == ["export"]


@pytest.fixture(scope="module")
def moved(family_weights: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path]]:
    """Copies of an export of every family, whose originals are gone, and what the lines of their pages give there.

    They run without network and without this project.
    """
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        Path(place).chmod(0o755)
        made, copies, out = tmp_path_factory.mktemp("made"), Path(place) / "copies", Path(place) / "out"
        out.mkdir()
        copies.mkdir()
        for name in NAMES:
            clip, wrapped = trained(name, family_weights)
            export_checkpoint(clip, wrapped, made / name, STORY)
        subprocess.run(["cp", "-r", *made.iterdir(), copies], check=True)
        shutil.rmtree(made)
        picture = Image.new("RGBA", (90, 60), (0, 0, 0, 0))
        picture.paste((200, 30, 60, 255), (10, 10, 50, 50))
        picture.save(out / "transparent.png")
        environment = {"PATH": os.environ["PATH"], "HOME": str(out), "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-c", DRIVER, str(copies), str(out), str(bool(MISSING))]
        done = subprocess.run(command, cwd="/", env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        yield copies, out


def trained(name: str, weights: dict[str, Path]) -> tuple[Clip, object]:
    torch.manual_seed(0)  # adapters are drawn
    return changed(name, str(weights[name]) if name in weights else None, "dora")


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_works_by_the_lines_of_its_page(
    name: str, moved: tuple[Path, Path], family_weights: dict[str, Path]
) -> None:
    clip, _ = trained(name, family_weights)
    images, texts, transparent, scale, same_from_elsewhere = torch.load(moved[1] / name)
    red = Path(moved[1] / "transparent.png").with_name("red.png")
    Image.new("RGB", (300, 200), "red").save(red)
    with torch.no_grad():
        tokens = clip.tokenize(["Una imagen de a bee", "Una imagen de a house"])
        torch.testing.assert_close(texts, clip.model.encode_text(tokens, normalize=True), atol=1e-5, rtol=1e-5)
        for got, path in ((images, red), (transparent, moved[1] / "transparent.png")):
            pixels = torch.from_numpy(decode(path.read_bytes(), ".png", clip.image_size).copy()).permute(2, 0, 1) / 255
            prepared = (pixels - torch.tensor(clip.mean)[:, None, None]) / torch.tensor(clip.std)[:, None, None]
            expected = clip.model.encode_image(prepared[None], normalize=True)
            torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5)
    assert torch.equal(scale, clip.model.logit_scale)
    assert same_from_elsewhere


@pytest.mark.parametrize("name", NAMES)
def test_an_export_is_readable_and_names_no_place(name: str, moved: tuple[Path, Path]) -> None:
    files = [path for path in (moved[0] / name).rglob("*") if path.is_file()]
    assert {"README.md", "open_clip_config.json", "open_clip_model.safetensors"} <= {path.name for path in files}
    for path in files:
        assert path.stat().st_mode & 0o777 == 0o644, path
        if path.suffix != ".safetensors":
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"/(tmp|home|root|work|usr)/|site-packages", text), path


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else")
def test_somebody_else_can_read_it(moved: tuple[Path, Path]) -> None:
    files = [str(path) for path in moved[0].rglob("*") if path.is_file()]
    subprocess.run(["cat", *files], user=NOBODY, group=NOBODY, extra_groups=[], stdout=subprocess.DEVNULL, check=True)


def test_the_page_tells_the_story(moved: tuple[Path, Path]) -> None:
    page = (moved[0] / "mini" / "README.md").read_text()
    assert page.startswith("# Bees\n")
    for text in (
        STORY.measured,
        STORY.data,
        "Una imagen de {}",
        "Apache-2.0",
        "curly quotes",
        "How to cite",
        "112×112",
    ):
        assert text in page
    assert "transformers" not in (moved[0] / "small-vit" / "README.md").read_text()
    assert "see their model card" in (moved[0] / "small-vit" / "README.md").read_text()


@pytest.mark.parametrize("text", ["a bee", "ÁRBOL  Niño", "🐝 x", "中文", "a " * 200, "", "[SEP] a"])
def test_minis_tokens_are_those_of_its_export(text: str, moved: tuple[Path, Path]) -> None:
    tokenize = open_clip.get_tokenizer(f"local-dir:{moved[0] / 'mini'}")
    assert torch.equal(tokenize([text]), load_clip("mini").tokenize([text]))


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


def test_a_failed_export_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full_disk(*arguments: object, **keywords: object) -> None:
        raise OSError(28, "No space left on device")

    clip, wrapped = changed("tiny", None, "dora")
    monkeypatch.setattr(gap.models.export, "export_page", full_disk)
    with pytest.raises(OSError, match="No space left"):
        export_checkpoint(clip, wrapped, tmp_path / "export")
    assert not list(tmp_path.iterdir())


def test_what_a_killed_export_left_goes_with_the_next(tmp_path: Path) -> None:
    clip, wrapped = changed("tiny", None, "dora")
    (tmp_path / ".export.part").mkdir()
    (tmp_path / ".export.part" / "old").touch()
    export_checkpoint(clip, wrapped, tmp_path / "export")
    assert [path.name for path in tmp_path.iterdir()] == ["export"]
    assert not (tmp_path / "export" / "old").exists()
    assert "preprocess_cfg" in json.loads((tmp_path / "export" / "open_clip_config.json").read_text())
