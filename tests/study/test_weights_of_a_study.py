"""Weights of a study and how they are read: said, recorded, and the same in every trial and after it."""

import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from safetensors.torch import save_file
from small_arasaac import write_small_arasaac

from gap.errors import UserError
from gap.models.load import load_clip
from gap.models.tiny import load_tiny
from gap.training.config import TrialConfig
from gap.training.learner import base_clip
from gap.training.settings import TrainingSettings
from study.arguments import parse_arguments
from study.begin import Study, begin, go_on
from study.finished import Finished
from study.open_trial import BASELINE, load_trial
from study.reporting.collect import Collected
from study.reporting.provenance import provenance
from study.space_file import load_space
from study.tables import parameters
from study.trainable import trial_parameters

HALF = (0.5, 0.5, 0.5)
Begin = Callable[..., tuple[Study, str]]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """A file of tiny's weights with the configuration of weights that were trained otherwise than tiny's own."""
    (tmp_path / "base").mkdir()
    model = load_tiny()
    save_file(model.model.state_dict(), tmp_path / "base" / "open_clip_model.safetensors")
    described = {
        "model_cfg": {**model.architecture, "quick_gelu": True},
        "preprocess_cfg": {"mean": HALF, "std": HALF, "resize_mode": "squash"},
    }
    (tmp_path / "base" / "open_clip_config.json").write_text(json.dumps(described))
    return tmp_path / "base" / "open_clip_model.safetensors"


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Begin:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    data = write_small_arasaac(tmp_path / "arasaac", records=20, keywords=20)
    (tmp_path / "space.yaml").write_text("dataset: arasaac\nmodel: tiny\nlanguage: es\n", encoding="utf-8")

    def run(*arguments: str) -> tuple[Study, str]:
        given = ["--space", str(tmp_path / "space.yaml"), "--data-dir", str(data), "--results-dir", str(tmp_path)]
        console = Console(file=io.StringIO(), width=80)
        study = begin(parse_arguments([*given, *arguments]), console)
        assert isinstance(console.file, io.StringIO)
        return study, console.file.getvalue()

    return run


def test_what_was_decided_is_said_recorded_and_kept(
    started: Begin, weights: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(weights.parent)
    study, out = started("--model", f"tiny:{weights.name}")
    said = f"weights {weights}: QuickGELU (open_clip_config.json beside it); mean 0.5 0.5 0.5, std 0.5 0.5 0.5 (open"
    assert [line for line in out.splitlines() if line.startswith(said)]
    assert "trained on images resized by 'squash'" in out
    about = study.about["weights"]
    assert (about["activation"], about["mean"], about["file"]) == ("QuickGELU", [0.5] * 3, str(weights))
    assert about["told_by"]["quick_gelu"] == "open_clip_config.json beside it"
    assert about["sha256"] == study.spec.weights_sha256
    assert (study.spec.pretrained, study.spec.quick_gelu, study.spec.image_mean) == (str(weights), True, HALF)

    # A trial reads them so even if what told it has gone, and what is read afterwards, too.
    (weights.parent / "open_clip_config.json").unlink()
    config = TrialConfig.model_validate(trial_parameters(study.spec, data=study.data, device="cpu"))
    clip = base_clip(config)
    assert (clip.mean, clip.architecture["quick_gelu"]) == (HALF, True)
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").write_text(json.dumps(study.about))
    baseline, _ = load_trial(tmp_path / "study", BASELINE)
    assert (baseline.mean, baseline.std, baseline.architecture["quick_gelu"]) == (HALF, HALF, True)

    # Tables hold what differs between trials of studies, not the numbers of study.json.
    assert not {"image_mean", "weights_sha256", "quick_gelu"} & set(parameters(study.spec, dict(study.spec)))

    # Other weights under the same name: neither resumed nor opened.
    save_file({k: v + 1 for k, v in load_tiny().model.state_dict().items()}, weights)
    with pytest.raises(UserError, match="another file than the one expected"):
        load_trial(tmp_path / "study", BASELINE)
    with pytest.raises(UserError, match="another file than the one expected"):
        go_on(parse_arguments(["--resume", str(tmp_path / "study")]), Console(file=io.StringIO()))


def test_a_folder_is_a_model(started: Begin, weights: Path) -> None:
    study, out = started("--model", f"local-dir:{weights.parent}")
    assert (study.spec.model, study.spec.pretrained) == (f"local-dir:{weights.parent}", None)
    assert f"weights {weights}: QuickGELU (its open_clip_config.json)" in out
    assert study.dataset.images.shape[1:3] == (32, 32)


def test_the_models_of_this_package_need_no_line(started: Begin) -> None:
    study, out = started()
    assert "weights" not in out
    assert study.about["weights"] == {}
    assert study.spec.weights_sha256 is None


def test_the_report_says_it(started: Begin, weights: Path, tmp_path: Path) -> None:
    study, _ = started("--model", f"tiny:{weights}")
    pieces = {getattr(piece, "title", ""): piece for piece in provenance(collected(study, tmp_path)).pieces}
    facts = pieces["Weights"].facts  # type: ignore[union-attr]
    assert facts["read as"].startswith("QuickGELU (open_clip_config.json beside it); mean 0.5")
    assert "squash" in facts["notes"]


def collected(study: Study, directory: Path) -> Any:
    class Stub:
        finished = Finished(directory, study.about, {}, {}, *[None] * 4)  # type: ignore[arg-type]

    assert "finished" in Collected.__dataclass_fields__
    return Stub()


def test_a_study_of_an_earlier_version_does_not_say_how_its_file_was_read(tmp_path: Path, weights: Path) -> None:
    for spec, refused in (
        ({"model": "ViT-B-32", "pretrained": str(weights)}, True),
        ({"model": "ViT-B-32", "pretrained": "openai", "seed": 1}, False),
        ({"model": "tiny", "pretrained": None}, False),
    ):
        (tmp_path / "study.json").write_text(json.dumps({"spec": spec}))
        if refused:
            with pytest.raises(UserError, match="of an earlier version, which does not say how it read ViT-B-32:"):
                load_trial(tmp_path, BASELINE)
        elif spec["model"] == "tiny":
            load_trial(tmp_path, BASELINE)


def test_a_model_may_carry_its_weights_in_a_space() -> None:
    settings = TrainingSettings(model="ViT-B-32:openai")
    assert (settings.model, settings.pretrained) == ("ViT-B-32", "openai")
    assert TrainingSettings(model="local-dir:a:b").pretrained is None
    with pytest.raises(ValueError, match="got laion as well"):
        TrainingSettings(model="ViT-B-32:openai", pretrained="laion")
    with pytest.raises(ValueError, match="brings its weights: expected no pretrained, got openai"):
        TrainingSettings(model="hf-hub:a/b", pretrained="openai")


@pytest.mark.parametrize("values", [[0.5], [0.5, 0.5, 2], "0.5", [0.5, 0.5, True], 0.5, [0.1, 0.2, float("nan")]])
def test_three_numbers_are_expected(values: object) -> None:
    with pytest.raises(ValueError, match="expected three numbers of pixels in"):
        TrainingSettings(image_mean=values)
    with pytest.raises(ValueError, match=r"expected (three numbers|standard deviations)"):
        TrainingSettings(image_std=values if values != [0.5, 0.5, 2] else [0.5, 0, 0.5])


def test_what_is_said_of_weights_goes_with_their_model(tmp_path: Path) -> None:
    (tmp_path / "s.yaml").write_text(
        "dataset: pictograms\nmodel: ViT-B-32\npretrained: /w.pt\nquick_gelu: true\nimage_mean: [0.5, 0.5, 0.5]\n"
        "resize_positions: true\nrehearsal: {model: mini, pretrained: null}\n"
    )
    spec = load_space(tmp_path / "s.yaml")
    assert (spec.quick_gelu, spec.image_mean, spec.resize_positions) == (True, HALF, True)
    spec = load_space(tmp_path / "s.yaml", rehearsal=True)
    assert (spec.model, spec.quick_gelu, spec.image_mean, spec.resize_positions) == ("mini", None, None, False)
    spec = load_space(tmp_path / "s.yaml", {"model": "tiny", "pretrained": None, "quick_gelu": False})
    assert (spec.quick_gelu, spec.image_mean) == (False, None)
    spec = load_space(tmp_path / "s.yaml", {"image_std": [0.2, 0.2, 0.2]})
    assert (spec.image_mean, spec.image_std) == (HALF, (0.2, 0.2, 0.2))


def test_a_changed_file_is_loaded_anew_in_another_run(weights: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copy(weights, tmp_path / "w.safetensors"))
    first = load_clip("tiny", str(copy)).origin.sha256
    save_file({k: v + 1 for k, v in load_tiny().model.state_dict().items()}, copy)
    assert load_clip("tiny", str(copy)).origin.sha256 != first
