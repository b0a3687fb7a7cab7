from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from small_data import write_small_data

from gap.errors import UserError
from gap.models.load import load_clip
from gap.models.save import load_adapter
from gap.training import state
from gap.training.config import TrialConfig
from gap.training.fit import best_epoch, fit

COSTS = {"seconds", "train_seconds", "images_per_second", "data_share", "peak_memory_gb"}
Report = dict[str, float]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data") / "squares")


def config(data: Path, **settings: Any) -> TrialConfig:
    defaults = {"model": "tiny", "epochs": 3, "batch_size": 8, "lr": 0.01, "rank": 2, "pool_size": 4}
    return TrialConfig(data=data, **(defaults | settings))


def numbers(reports: list[Report]) -> list[Report]:
    return [{name: value for name, value in report.items() if name not in COSTS} for report in reports]


def interrupted(run: Iterator[Report], epochs: int) -> None:
    """Take the reports of 0..epochs and let the run go, as a process that is killed would."""
    list(islice(run, epochs + 1))


@pytest.mark.parametrize("method", ["dora", "full"])
@pytest.mark.parametrize("temperature", ["learned", "scheduled"])
def test_an_interrupted_run_gives_the_numbers_of_one_that_was_not(
    data: Path, tmp_path: Path, method: str, temperature: str
) -> None:
    settings = config(data, method=method, temperature=temperature, lr=0.001, weight_decay=0.1)
    plain = list(fit(settings, tmp_path / "plain"))
    for epochs in (1, 2):
        interrupted(fit(settings, tmp_path / "adapter", state_file=tmp_path / "state.pt"), epochs)
    torch.manual_seed(99)  # whatever ran in between
    again = list(fit(settings, tmp_path / "adapter", state_file=tmp_path / "state.pt"))
    assert numbers(again) == numbers(plain)
    assert [report["seconds"] for report in again] == sorted(report["seconds"] for report in again)
    weights = [load_file(tmp_path / name / "trained.safetensors") for name in ("plain", "adapter")]
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_state_of_an_earlier_version_goes_on(data: Path, tmp_path: Path) -> None:
    interrupted(fit(config(data), state_file=tmp_path / "state.pt"), 1)
    held = torch.load(tmp_path / "state.pt", weights_only=True)
    for newer in ("quick_gelu", "image_mean", "image_std", "weights_sha256", "resize_positions"):
        del held["config"][newer]
    torch.save(held, tmp_path / "state.pt")
    assert len(list(fit(config(data), state_file=tmp_path / "state.pt"))) == 4
    torch.save(held, tmp_path / "state.pt")
    with pytest.raises(UserError, match=r"holds a run with resize_positions False, not True"):
        list(fit(config(data, resize_positions=True), state_file=tmp_path / "state.pt"))


def test_a_run_that_had_ended_trains_nothing(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = list(fit(config(data), state_file=tmp_path / "state.pt"))
    monkeypatch.setattr("gap.training.epoch.train_step", lambda *_, **__: pytest.fail("a step was made"))
    assert list(fit(config(data), state_file=tmp_path / "state.pt")) == first


def test_checkpointing_and_caching_may_differ_and_the_rank_may_not(data: Path, tmp_path: Path) -> None:
    interrupted(fit(config(data), state_file=tmp_path / "state.pt"), 1)
    changed = config(data, gradient_checkpointing=True, cache_prefix=False)
    again = list(fit(changed, state_file=tmp_path / "state.pt"))
    assert [report["epoch"] for report in again] == [0, 1, 2, 3]
    with pytest.raises(UserError, match=r"state.pt holds a run with rank 2, not 4"):
        list(fit(config(data, rank=4), state_file=tmp_path / "state.pt"))


def test_a_state_that_names_no_scaling_is_of_a_run_with_scaling_rank(data: Path, tmp_path: Path) -> None:
    path, old = tmp_path / "state.pt", config(data, scaling="rank")
    plain = list(fit(old))
    interrupted(fit(old, state_file=path), 1)
    kept = torch.load(path, weights_only=True)
    assert kept["config"].pop("scaling") == "rank"
    torch.save(kept, path)
    with pytest.raises(UserError, match=r"state.pt holds a run with scaling 'rank', not 'rslora'"):
        list(fit(config(data), state_file=path))
    assert numbers(list(fit(old, state_file=path))) == numbers(plain)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_state_is_one_line(data: Path, tmp_path: Path, keep: float) -> None:
    path = tmp_path / "state.pt"
    interrupted(fit(config(data), state_file=path), 1)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep if keep >= 1 else keep * len(whole))])
    with pytest.raises(UserError, match=r"state\.pt holds no state of a run"):
        list(fit(config(data), state_file=path))


def test_a_state_that_would_run_code_is_refused(tmp_path: Path) -> None:
    torch.save({"config": Path("/"), "reports": []}, tmp_path / "state.pt")
    with pytest.raises(UserError, match="holds no state of a run"):
        state.read_state(tmp_path / "state.pt")


def test_a_failed_write_leaves_the_state_before(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.pt"
    run = fit(config(data), state_file=path)
    interrupted(run, 1)
    before = path.read_bytes()

    def full(content: Any, target: str) -> None:
        Path(target).write_bytes(b"ha")
        raise OSError("no space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(OSError, match="no space left"):
        next(run)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["state.pt"]


def test_the_adapter_kept_is_that_of_the_best_epoch(data: Path, tmp_path: Path) -> None:
    def score(report: Any) -> float:
        return {1: 1.0, 2: 3.0, 3: 3.0}[report["epoch"]]

    interrupted(fit(config(data), tmp_path / "a", state_file=tmp_path / "state.pt", score=score), 1)
    reports = list(fit(config(data), tmp_path / "a", state_file=tmp_path / "state.pt", score=score))
    assert best_epoch(reports, score) == 2
    clip = load_clip("tiny")
    load_adapter(clip, tmp_path / "a")
    scales = [report["logit_scale"] for report in reports]
    assert clip.model.logit_scale.exp().item() == pytest.approx(scales[2], abs=1e-6)
    assert abs(scales[2] - scales[3]) > 1e-4
