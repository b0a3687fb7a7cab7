"""What is particular to the models that read many languages; the contracts of every family hold for them as well."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from families import embed
from multilingual import WRITERS, write_text_tower
from small_data import write_small_data
from torch import Tensor
from torch.nn import functional as F  # noqa: N812
from transformers.models.nllb.tokenization_nllb import FAIRSEQ_LANGUAGE_CODES

from gap.data.arasaac.languages import LANGUAGES
from gap.errors import UserError
from gap.models.adapters import adapt, trained_parameters
from gap.models.clip import Clip
from gap.models.export import export_checkpoint, text_config
from gap.models.languages import FLORES, in_language
from gap.models.load import load_clip
from gap.models.modes import train_mode
from gap.training.config import TrialConfig
from gap.training.encoders import Encoder
from gap.training.fit import fit
from gap.training.gradients import Batch, accumulate, load_chunks
from gap.training.plan.trial import plan_trial
from gap.training.step import make_objective

IMAGE_BLOCK = {f"attn.{one}" for one in ("q_proj", "k_proj", "v_proj", "out_proj")} | {"mlp.c_fc", "mlp.c_proj"}
PROJECTIONS: dict[str, dict[str, set[str]]] = {
    "small-xlm-roberta": {
        "visual.transformer.resblocks": IMAGE_BLOCK,
        "text.transformer.encoder.layer": {
            "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense",
            "intermediate.dense", "output.dense",
        },
    },
    "small-nllb": {
        "visual.transformer.resblocks": IMAGE_BLOCK,
        "text.transformer.layers": {f"self_attn.{one}_proj" for one in ("q", "k", "v", "out")} | {"fc1", "fc2"},
    },
    "small-siglip-i18n": {
        "visual.trunk.blocks": {"attn.qkv", "attn.proj", "mlp.fc1", "mlp.fc2"},
        "text.transformer.resblocks": IMAGE_BLOCK,
    },
}  # fmt: skip
BEHIND = {
    "small-xlm-roberta": {"text.proj.0", "text.proj.2"},
    "small-nllb": {"text.proj"},
    "small-siglip-i18n": {f"visual.trunk.attn_pool.{one}" for one in ("q", "kv", "proj", "mlp.fc1", "mlp.fc2")},
}


@pytest.fixture(params=WRITERS)
def clip(request: pytest.FixtureRequest, family_weights: dict[str, Path]) -> Clip:
    return load_clip(request.param, str(family_weights[request.param]))


@pytest.fixture
def nllb(family_weights: dict[str, Path]) -> Clip:
    return load_clip("small-nllb", str(family_weights["small-nllb"]))


def test_adapters_are_on_every_projection_of_both_towers(clip: Clip) -> None:
    adapt(clip.model, method="dora", rank=1)
    adapted = {name.split(".lora_")[0] for name, p in clip.model.named_parameters() if p.requires_grad}
    expected = set(BEHIND[clip.name])
    for stack, places in PROJECTIONS[clip.name].items():
        blocks = len(clip.model.get_submodule(stack))  # type: ignore[arg-type]
        assert blocks >= 2
        expected |= {f"{stack}.{block}.{place}" for block in range(blocks) for place in places}
    assert adapted == expected


@pytest.mark.parametrize("terms", [{"ce": 1.0, "centroid": 0.5}, {"siglip": 1.0}], ids=["ce", "siglip"])
def test_chunks_give_the_gradient_of_the_whole_batch(clip: Clip, terms: dict[str, float]) -> None:
    model = clip.model.double()
    adapt(model, method="dora", rank=2)
    with torch.no_grad():
        for parameter in trained_parameters(model):
            parameter.add_(0.01)
    model.logit_scale.requires_grad_(True)
    train_mode(model)
    images = torch.randn(5, 3, clip.image_size, clip.image_size, generator=torch.Generator().manual_seed(0)).double()
    tokens = clip.tokenize(["a bee", "una abeja en el jardín", "in", "a bee in", "una"])
    encoders = (
        Encoder(lambda rows: (images[rows],), lambda chunk: F.normalize(model.encode_image(chunk[0]), dim=-1)),
        Encoder(lambda rows: (tokens[rows],), lambda chunk: F.normalize(model.encode_text(chunk[0]), dim=-1)),
    )
    objective = make_objective(model, terms=terms, alpha=1.0, beta=1.0)

    def gradients(chunk: int) -> tuple[float, dict[str, Tensor]]:
        model.zero_grad()
        load = load_chunks(Batch(np.arange(5), np.arange(5)), *encoders, chunk=chunk)
        total, _ = accumulate(load, *encoders, objective, size=5, chunk=chunk)
        return total.item(), {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}

    total, expected = gradients(5)
    again, got = gradients(2)
    assert again == pytest.approx(total, rel=1e-12)
    assert set(got) == set(expected)
    assert {name.split(".")[0] for name in got} == {"visual", "text", "logit_scale"}
    for name, gradient in expected.items():
        torch.testing.assert_close(got[name], gradient, rtol=1e-9, atol=1e-12, msg=name)


def test_a_bias_of_the_logits_is_trained_with_the_whole_model_only(family_weights: dict[str, Path]) -> None:
    def bias(method: str) -> Tensor:
        clip = load_clip("small-siglip-i18n", str(family_weights["small-siglip-i18n"]))
        adapt(clip.model, method=method, rank=1)
        return clip.model.logit_bias  # type: ignore[no-any-return]

    trained = {method: bias(method).requires_grad for method in ("dora", "lora", "last_layers", "full")}
    assert trained == {"dora": False, "lora": False, "last_layers": False, "full": True}


def test_a_fit_learns_with_a_frozen_prefix_and_chunks(
    clip: Clip, family_weights: dict[str, Path], tmp_path: Path
) -> None:
    data = write_small_data(tmp_path / "data", image_size=clip.image_size)
    config = TrialConfig(
        model=clip.name, pretrained=str(family_weights[clip.name]), data=data, method="dora", rank=2, adapt_blocks=1,
        batch_size=8, chunk_size=4, epochs=1, lr=3e-3, pool_size=8, gradient_checkpointing=True,
    )  # fmt: skip
    before, after = fit(config, tmp_path / "adapter")
    assert before["epoch"] == 0
    assert np.isfinite(after["loss"])
    assert after["modality_gap"] != before["modality_gap"]
    assert (tmp_path / "adapter" / "adapter_model.safetensors").is_file()


@pytest.mark.parametrize("checkpointing", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_step_can_be_planned(clip: Clip, family_weights: dict[str, Path], checkpointing: bool) -> None:
    weights = str(family_weights[clip.name])
    config = TrialConfig(
        model=clip.name, pretrained=weights, data=Path(), batch_size=8, rank=2, gradient_checkpointing=checkpointing
    )
    plan = plan_trial(config)
    adapt(clip.model, method="dora", rank=2)
    clip.model.logit_scale.requires_grad_(True)
    assert plan.trained_parameters == sum(p.numel() for p in trained_parameters(clip.model))
    assert plan.all_parameters == sum(p.numel() for p in clip.model.parameters())
    assert plan.step.peak > plan.step.weights


def test_nllb_is_told_the_language(nllb: Clip) -> None:
    tokenizer = nllb.tokenize.tokenizer  # type: ignore[attr-defined]
    firsts = {}
    for language in ("en", "es", "spa-Latn", "val"):
        told = in_language(nllb, language)
        told.tokenize(["a"])  # a second call must still know
        firsts[language] = tokenizer.convert_ids_to_tokens(told.tokenize(["a bee"])[0, 0].item())
    assert firsts == {"en": "eng_Latn", "es": "spa_Latn", "spa-Latn": "spa_Latn", "val": "cat_Latn"}
    assert nllb.tokenize(["a bee"])[0, 0] == tokenizer.convert_tokens_to_ids("eng_Latn")
    assert nllb.architecture["text_cfg"].get("tokenizer_kwargs") is None


def test_other_tokenizers_need_no_language(family_weights: dict[str, Path]) -> None:
    clip = load_clip("small-xlm-roberta", str(family_weights["small-xlm-roberta"]))
    assert in_language(clip, "tlh") is clip


def test_every_language_of_arasaac_that_nllb_knows_has_its_code() -> None:
    assert set(FLORES.values()) <= set(FAIRSEQ_LANGUAGE_CODES)
    assert set(LANGUAGES) - set(FLORES) == {"an", "br"}  # Aragonese and Breton are not among NLLB's languages


@pytest.mark.parametrize("language", ["br", "tlh", "eng"])
def test_a_language_that_nllb_does_not_know(nllb: Clip, language: str) -> None:
    with pytest.raises(
        UserError, match=f"small-nllb does not know the language '{language}': expected one of ar, "
    ) as e:
        in_language(nllb, language)
    assert "\n" not in str(e.value)


def test_an_export_keeps_the_language(nllb: Clip, tmp_path: Path) -> None:
    told = in_language(nllb, "es")
    export_checkpoint(told, None, tmp_path / "export")
    plain = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'export'}")
    assert torch.equal(plain(["una abeja"]), told.tokenize(["una abeja"]))
    assert not torch.equal(plain(["una abeja"]), nllb.tokenize(["una abeja"]))


def test_an_export_needs_nothing_from_elsewhere(clip: Clip, family_weights: dict[str, Path], tmp_path: Path) -> None:
    gone = family_weights[clip.name].parent / clip.name
    moved = replace(clip, architecture=json.loads(json.dumps(clip.architecture).replace(str(gone), "hub/name")))
    export_checkpoint(moved, None, tmp_path / "export")
    text = text_config(tmp_path / "export")
    plain = open_clip.create_model(f"local-dir:{tmp_path / 'export'}", text_cfg=text).eval()
    tokens = open_clip.get_tokenizer(f"local-dir:{tmp_path / 'export'}")(["a bee", "una abeja"])
    assert torch.equal(tokens, clip.tokenize(["a bee", "una abeja"]))
    torch.testing.assert_close(plain.encode_text(tokens), clip.model.encode_text(tokens), atol=1e-5, rtol=1e-5)
    assert embed(clip)[0].isfinite().all()


def test_a_tower_that_reads_its_padding_is_refused(tmp_path: Path, family_weights: dict[str, Path]) -> None:
    name = "small-xlm-roberta-masks-another"
    text = {**write_text_tower("small-xlm-roberta", tmp_path / "tower"), "context_length": 48}
    path = tmp_path / "tower" / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "pad_token_id": 0}))
    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 8},
    }
    (tmp_path / f"{name}.json").write_text(
        json.dumps({**config, "text_cfg": {**text, "hf_pooler_type": "mean_pooler"}})
    )
    open_clip.add_model_config(tmp_path / f"{name}.json")
    with pytest.raises(
        UserError, match="its tokenizer pads with token 1, and its text tower leaves out token 0"
    ) as error:
        load_clip(name, str(family_weights["small-xlm-roberta"]))
    assert "\n" not in str(error.value)
