"""What a study would cost, told without a GPU, without weights and without data."""

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from small_arasaac import write_small_arasaac
from small_data import write_small_data

from gap.data import open_dataset
from gap.errors import UserError
from gap.models import at_hand
from gap.models.tiny import architecture
from study.cost import largest_trial, target_of, varying
from study.data_size import assumed
from study.device import planned_device
from study.run import main
from study.space_file import find_space, load_space

Plan = Callable[..., tuple[int, str, str]]  # arguments -> exit code, output, errors
CHEAP = ("--set", "method=last_layers", "--set", "last_n=1", "--set", "batch_size=8")


@pytest.fixture
def plan(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Plan:
    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
        monkeypatch.setenv("COLUMNS", "80")
        monkeypatch.setattr(sys, "argv", ["study/run.py", "--results-dir", str(tmp_path / "results"), *arguments])
        code = main()
        assert not (tmp_path / "results").exists()
        return code, *capsys.readouterr()

    return run


def test_a_study_of_a_gpu_that_is_elsewhere(plan: Plan) -> None:
    arguments = ("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", "--model", "ViT-B-32:openai")
    unique = ("--set", "unique_captions=true")
    code, out, _ = plan(*arguments, *CHEAP, *unique, "--memory", "12", "--tflops", "100", "--utilisation", "0.5")
    assert code == 0
    text = " ".join(out.split())
    assert "arasaac (es) is not at hand: assumed 7,903 train, 1,976 test images (ARASAAC in November 2026)" in text
    assert "ViT-B-32:openai, weights not here" in text
    assert "of 151,277,313 parameters (last_layers)" in text
    assert "precision: bf16: the towers' products in bf16" in text
    assert "work at 50 % of 100 TFLOP/s (dense bf16, as given); not measured" in text
    assert "largest chunk in 12 GB" in text
    assert "steps: at most 987 an epoch, of 8 pairs" in text  # which captions are equal is not known here
    table = out[out.index("checkpointing off") :]
    assert "\x1b" not in out
    assert max(map(len, table.splitlines())) <= 80
    activations = re.search(r"activations of 8 pairs +(\S+) GB +(\S+) GB", out)
    assert activations is not None
    assert float(activations[1]) > float(activations[2])


@pytest.mark.slow
def test_what_does_not_fit_is_said_with_a_remedy(plan: Plan) -> None:
    arguments = ("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", "--model", "ViT-B-32:openai", *CHEAP)
    off = ("--set", "gradient_checkpointing=false", "--set", "batch_size=512")
    code, out, _ = plan(*arguments, *off, "--memory", "3.5")
    assert code == 0
    assert "do not fit: take gradient_checkpointing: true" in " ".join(out.split())
    _, out, _ = plan(*arguments, "--memory", "1.1")
    assert "none fits" in out
    assert "take a smaller model, or a larger GPU" in " ".join(out.split())


@pytest.mark.slow
def test_a_batch_that_does_not_fit_is_planned_in_chunks(plan: Plan) -> None:
    arguments = ("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", "--model", "ViT-B-32:openai", *CHEAP)
    large = ("--set", "batch_size=4096", "--memory", "3.5")
    _, out, _ = plan(*arguments, *large)
    assert re.search(r"do not fit: take chunk_size: \d+, or auto", " ".join(out.split()))
    _, chunked, _ = plan(*arguments, *large, "--set", "chunk_size=auto")
    assert "do not fit" not in chunked
    pairs, peak = (
        re.search(rf"{row} +(\S+) \S+ +(\S+)", chunked) for row in ("pairs at once, as set", "peak with these")
    )
    assert pairs is not None
    assert peak is not None
    assert 1 <= int(pairs[2].replace(",", "")) < 4096
    assert 2.0 < float(peak[2]) <= 2.5
    times = [re.search(r"a step +(\S+) s +(\S+) s", text) for text in (out, chunked)]
    assert float(times[1][2]) > float(times[0][2])  # type: ignore[index]  # what is embedded twice takes longer


def test_a_rehearsal_is_measured_and_the_study_itself_planned(plan: Plan) -> None:
    code, out, _ = plan("--space", "pictograms_es.yaml", "--dry-run", "--model", "tiny", *CHEAP)
    assert code == 0
    rehearsal, study = out.split("The study itself, on a GPU:")
    assert "steps made on cpu" in rehearsal
    assert "of the whole process" in rehearsal
    assert "pictograms (es): 1,531 train, 383 test images" in study


def test_data_at_hand_is_counted(plan: Plan, tmp_path: Path) -> None:
    mirror = write_small_arasaac(tmp_path / "mirror", keywords=200)
    arguments = ("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", "--model", "tiny", *CHEAP)
    code, out, _ = plan(*arguments, "--data-dir", str(mirror))
    assert code == 0
    assert "not at hand" not in out
    assert "arasaac (es): " in out


def test_a_study_that_goes_on_is_planned_with_its_own_data(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    data = write_small_data(tmp_path / "data")
    dataset = open_dataset(data)
    spec = load_space(find_space("pictograms_es.yaml"), {"model": "tiny", "pretrained": None, "batch_size": 8})
    about = {
        "spec": spec.model_dump(mode="json"), "profile": "rehearsal", "hardware": {"device": "cpu"}, "runs": [],
        "data": {"path": str(data), "data_hash": dataset.data_hash}, "run_id": "r", "optuna_study": "s",
        "storage": None, "storage_path": None,
    }  # fmt: skip
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.json").write_text(json.dumps(about))
    monkeypatch.setattr(sys, "argv", ["study/run.py", "--resume", str(tmp_path / "study"), "--dry-run"])
    assert main() == 0
    out = capsys.readouterr().out
    assert f"{dataset.name} ({dataset.language}): {len(dataset.train)} train" in out
    assert "The study itself" not in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--memory", "24"), "--memory is a figure to plan with: expected --dry-run beside it"),
        (("--dry-run", "--memory", "0"), "--memory: expected more than 0, got 0"),
        (("--dry-run", "--tflops", "nan"), "--tflops: expected more than 0, got nan"),
        (("--dry-run", "--utilisation", "40"), "--utilisation: expected a share of at most 1, such as 0.4, got 40"),
    ],
)
def test_figures_that_cannot_be(
    plan: Plan, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(SystemExit, match="2"):
        plan("--space", "arasaac_es.yaml", *arguments)
    assert message in capsys.readouterr().err


def test_a_plan_fails_like_a_study(plan: Plan) -> None:
    code, _, error = plan("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", "--model", "ViT-B-32:opena")
    assert (code, error.count("\n")) == (2, 1)
    assert "did you mean 'openai'?" in error


def test_the_largest_trial_is_planned() -> None:
    spec = load_space(find_space("arasaac_es.yaml"))
    config = largest_trial(spec, data=None, device="cuda")
    assert (config.rank, config.terms, config.batch_size) == (32, "ce", 90)
    assert varying(spec) == []
    techniques = load_space(find_space("techniques.yaml"))
    assert varying(techniques) == ["method", "gradient_checkpointing"]


def test_what_is_planned_for() -> None:
    spec = load_space(find_space("arasaac_es.yaml"))
    assert target_of(spec, profile="study", here="cpu") == "cuda"
    assert target_of(spec, profile="study", here="cuda") == "cuda"
    rehearsal = load_space(find_space("arasaac_es.yaml"), rehearsal=True)
    assert target_of(rehearsal, profile="rehearsal", here="cpu") == "cpu"
    assert target_of(rehearsal, profile="rehearsal", here="cuda") == "cuda"


@pytest.mark.slow
def test_a_multilingual_study_is_planned_without_the_hub(plan: Plan) -> None:
    code, out, _ = plan("--space", "arasaac_es_multilingual.yaml", "--profile", "study", "--dry-run")
    assert code == 0
    text = " ".join(out.split())
    assert "xlm-roberta-base-ViT-B-32:laion5b_s13b_b90k, weights not here, not needed for a plan" in text
    assert "10,865,793 of 376,987,265 parameters (dora, rank 32, the largest searched)" in text


def test_a_time_follows_from_work_and_throughput() -> None:
    device = planned_device("bf16", tflops=10, utilisation=0.5)
    assert device.seconds(5e12) == 1.0
    assert device.memory == 24
    assert planned_device("fp32").tflops < planned_device("bf16").tflops


def test_a_language_that_the_data_has_not() -> None:
    with pytest.raises(UserError, match="language of mscoco"):
        load_space(find_space("mscoco.yaml"), {"language": "es"})
    size = assumed(load_space(find_space("mscoco.yaml")))
    assert (size.train, size.test, size.test_captions, size.path) == (113_287, 5_000, 25_000, None)


def test_weights_are_looked_for_where_they_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = []

    def cache(repository: str, file: str) -> str | None:
        asked.append((repository, file))
        return "path" if file == "open_clip_model.safetensors" else None

    monkeypatch.setattr(at_hand, "try_to_load_from_cache", cache)
    assert at_hand.weights_at_hand("ViT-L-14", "openai")
    assert asked == [("timm/vit_large_patch14_clip_224.openai", "open_clip_model.safetensors")]
    monkeypatch.setattr(at_hand, "try_to_load_from_cache", lambda repository, file: None)
    assert not at_hand.weights_at_hand("ViT-L-14", "openai")
    (tmp_path / "own.safetensors").touch()
    assert at_hand.weights_at_hand("ViT-L-14", str(tmp_path / "own.safetensors"))
    with pytest.raises(UserError, match="did you mean 'openai'"):
        at_hand.weights_at_hand("ViT-L-14", "opena")


def test_a_plan_says_how_weights_would_be_read(plan: Plan, tmp_path: Path) -> None:
    arguments = ("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run", *CHEAP, "--model")
    _, out, _ = plan(*arguments, "ViT-B-32:openai")
    assert "QuickGELU (its tag); mean 0.4815" in " ".join(out.split())
    _, out, _ = plan(*arguments, "ViT-B-32:/no/such/file.pt")
    assert "GELU (the architecture's own: nothing tells)" in " ".join(out.split())
    (tmp_path / "here.pt").write_bytes(b"x")
    code, _, error = plan(*arguments, f"ViT-B-32:{tmp_path / 'here.pt'}")
    assert (code, error.count("\n")) == (2, 1)
    assert "nothing tells the activation" in error


def test_a_folder_is_planned(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": architecture()}))
    arguments = ("--space", "pictograms_es.yaml", "--profile", "study", "--dry-run", *CHEAP)
    code, out, _ = plan(*arguments, "--model", f"local-dir:{tmp_path}")
    assert code == 0
    assert "weights not here, not needed for a plan" in " ".join(out.split())
    assert not at_hand.weights_at_hand(f"local-dir:{tmp_path}", None)
    (tmp_path / "open_clip_model.safetensors").touch()
    assert at_hand.weights_at_hand(f"local-dir:{tmp_path}", None)


@pytest.mark.slow
def test_the_thesis_model_is_planned_on_any_machine(plan: Plan) -> None:
    code, out, _ = plan("--space", "arasaac_es.yaml", "--profile", "study", "--dry-run")
    assert code == 0
    assert "of 447,384,833 parameters" in out
