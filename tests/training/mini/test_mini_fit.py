import math
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gap.models.mini import build
from gap.models.mini.projections import NAMES, load_projections, metadata
from gap.training.mini.__main__ import main, write
from gap.training.mini.fit import Examples, Projections, Recipe, contrastive_loss, train


def examples(concepts: int = 12) -> Examples:
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(concepts, 1, 8, generator=generator)
    return Examples(
        image_features=images.expand(-1, 2, -1) + 0.01,
        text_features=torch.randn(concepts, 6, generator=generator),
        text_of=torch.arange(concepts),
        first_text=torch.arange(concepts),
        texts=torch.ones(concepts, dtype=torch.int64),
        by_concept=torch.arange(concepts),
        first_icon=torch.arange(concepts),
        icons=torch.ones(concepts, dtype=torch.int64),
        weights=torch.ones(concepts),
    )


def test_training_finds_the_pairs_and_repeats_itself() -> None:
    data, recipe = examples(), Recipe(steps=300, batch_size=12, learning_rate=1e-2, dropout=0.0)
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    model, again = (train(data, recipe, embed_dim=8, seed=1) for _ in range(2))
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in model.state_dict().items())
    cosines = model.encode_image(data.image_features[:, 0]) @ model.encode_text(data.text_features).T
    assert (cosines.argmax(dim=1) == torch.arange(12)).float().mean() > 0.9


def test_equal_captions_do_not_repel() -> None:
    logits = torch.tensor([[2.0, 9.0, 0.0], [9.0, 2.0, 0.0], [0.0, 0.0, 2.0]])
    got = contrastive_loss(logits, torch.tensor([4, 4, 7]))
    row = math.log(math.exp(2) + 1) - 2  # its own pair and the third
    last = math.log(math.exp(2) + 2) - 2
    assert got.item() == pytest.approx((2 * row + last) / 3, rel=1e-5)


def test_what_is_written_is_what_the_model_reads(tmp_path: Path) -> None:
    torch.manual_seed(0)
    projections = Projections(1280, 384, 256, 2.5)
    write(projections, tmp_path / "p.safetensors", {"seed": "3"})
    assert set(load_file(tmp_path / "p.safetensors")) == set(NAMES)
    assert metadata(tmp_path / "p.safetensors")["seed"] == "3"
    model = build()
    load_projections(model, tmp_path / "p.safetensors")
    torch.testing.assert_close(model.text.proj.weight, projections.text.weight.half().float())
    assert model.logit_scale.item() == 2.5
    assert [path.name for path in tmp_path.iterdir()] == ["p.safetensors"]


def test_the_command_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mini", "--icons", str(tmp_path)])
    assert main() == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert "npm pack @iconify-json/noto" in error
    assert error.count("\n") == 1
