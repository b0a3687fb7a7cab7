"""What becomes of a trial that fails, without Ray around it."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from ray import tune
from ray.tune import Checkpoint
from small_data import write_small_data

import study.trainable
from gap.data.dataset import IMAGES
from gap.metrics import modality_gap
from gap.training.errors import NonFiniteError
from study.checkpoints import ADAPTER, STATE
from study.embeddings import read_embeddings
from study.seen import AFTER, BEFORE
from study.seen import COSINES as COSINES_FILE
from study.trainable import COSINES, FAILURE, FAULT, NOTE, run_trial

Report = dict[str, Any]
Run = Callable[..., list[Report]]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("data") / "squares")


@pytest.fixture
def run(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a trial; every checkpoint that it reports is copied to ``tmp_path / <number of the report>``."""
    reports: list[Report] = []

    def report(metrics: Report, checkpoint: Checkpoint | None = None) -> None:
        reports.append(metrics)
        if checkpoint is not None:
            with checkpoint.as_directory() as directory:
                shutil.copytree(directory, tmp_path / str(len(reports)))

    monkeypatch.setattr(tune, "report", report)
    monkeypatch.setattr(tune, "get_checkpoint", lambda: None)

    def trial(**config: Any) -> list[Report]:
        reports.clear()
        defaults = {"model": "tiny", "data": str(data), "epochs": 2, "batch_size": 8, "rank": 2, "pool_size": 4}
        about = {"number": 0, "spared": False, "checkpoints": [], "weight_variance": 2.0, "weights": {}}
        threads = torch.get_num_threads()
        try:
            run_trial({**defaults, **about, **config}, "final")
        finally:
            torch.set_num_threads(threads)
        return list(reports)

    return trial


def test_every_epoch_is_reported_with_a_checkpoint(run: Run, tmp_path: Path) -> None:
    reports = run()
    assert [report["epoch"] for report in reports] == [0, 1, 2]
    assert not (tmp_path / "1").exists()  # the model before training is where it was
    seen = {BEFORE, AFTER, COSINES_FILE}
    assert {path.name for path in (tmp_path / "2").iterdir()} == {STATE, *seen}
    assert {path.name for path in (tmp_path / "3").iterdir()} == {ADAPTER, STATE, *seen}


def test_every_epoch_is_reported_with_its_cosines(run: Run, tmp_path: Path) -> None:
    reports = run()
    assert all(sum(report[COSINES]["paired"]) == 8 for report in reports)  # test images, each with one caption
    assert reports[0][COSINES] != reports[2][COSINES]
    shutil.rmtree(tmp_path / "3")
    again = run(checkpoints=[str(tmp_path / "2")])
    assert [report[COSINES] for report in again] == [report[COSINES] for report in reports]


def test_the_embeddings_are_those_that_were_measured(run: Run, tmp_path: Path) -> None:
    reports = run()
    for name, report in ((BEFORE, reports[0]), (AFTER, reports[2])):
        embeddings = read_embeddings(tmp_path / "3" / name)
        gap = modality_gap(embeddings.image_features, embeddings.text_features).item()
        assert gap == pytest.approx(report["modality_gap"], abs=1e-3)


def test_a_trial_goes_on_from_the_best_checkpoint_that_can_be_read(run: Run, tmp_path: Path) -> None:
    run()
    broken = tmp_path / "broken"
    shutil.copytree(tmp_path / "3", broken)
    (broken / STATE).write_bytes((broken / STATE).read_bytes()[:-100])
    good = tmp_path / "good"
    shutil.copytree(tmp_path / "2", good)
    for old in ("2", "3"):
        shutil.rmtree(tmp_path / old)
    reports = run(checkpoints=[str(tmp_path / "missing"), str(broken), str(good)])
    assert [report["epoch"] for report in reports] == [0, 1, 2]
    assert [int(path.name) for path in tmp_path.iterdir() if path.name.isdigit()] == [3]  # only the new epoch
    assert reports[0][NOTE].count("not used") == 2
    assert "holds no state of a run" in reports[0][NOTE]


@pytest.mark.parametrize("name", [f"{ADAPTER}/adapter_model.safetensors", AFTER])
def test_a_checkpoint_whose_tensors_are_cut_short_is_not_used(run: Run, tmp_path: Path, name: str) -> None:
    run()
    damaged, good = tmp_path / "3", tmp_path / "good"
    (tmp_path / "2").rename(good)
    os.truncate(damaged / name, (damaged / name).stat().st_size - 10)
    shutil.copytree(damaged, tmp_path / "damaged")
    shutil.rmtree(damaged)
    reports = run(checkpoints=[str(tmp_path / "damaged"), str(good)])
    assert [report["epoch"] for report in reports] == [0, 1, 2]
    assert (tmp_path / "3").exists()  # the last epoch was trained again
    assert "holds no tensors" in reports[0][NOTE]


def test_data_that_are_gone_or_cut_short_are_no_fault_of_the_trial(run: Run, data: Path, tmp_path: Path) -> None:
    short = shutil.copytree(data, tmp_path / "short")
    os.truncate(short / IMAGES, 5000)
    for place, words in ((tmp_path / "none", "is not a prepared dataset"), (short, "is damaged")):
        (report,) = run(data=str(place))
        assert words in report[FAULT]
        assert "\n" not in report[FAULT]
        assert FAILURE not in report


def test_data_that_vanish_in_mid_epoch_are_read_to_the_end(run: Run, data: Path, tmp_path: Path) -> None:
    vanishing = shutil.copytree(data, tmp_path / "vanishing")
    real = study.trainable.fit

    def fit(*arguments: Any, **keywords: Any) -> Any:
        for report in real(*arguments, **keywords):
            shutil.rmtree(vanishing, ignore_errors=True)
            yield report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study.trainable, "fit", fit)
        reports = run(data=str(vanishing))
    assert [report["epoch"] for report in reports] == [0, 1, 2]
    assert not vanishing.exists()


def test_a_full_disk_is_no_fault_of_the_trial(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: Any, **keywords: Any) -> Any:
        Path("/dev/full").write_text("x")

    monkeypatch.setattr(study.trainable, "fit", full)
    (report,) = run()
    assert report[FAULT].startswith(
        f"no space left on the disk of {tempfile.gettempdir()} or of the study's checkpoints"
    )


def test_a_loss_that_is_not_finite_ends_the_trial_with_step_and_term(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: Any, step: int, **keywords: Any) -> None:
        raise NonFiniteError(f"step {step}: loss is nan, term_ce is nan")

    monkeypatch.setattr("gap.training.epoch.train_step", broken)
    reports = run()
    assert [report.get("epoch") for report in reports] == [0, None]
    assert reports[-1][FAILURE] == "step 0: loss is nan, term_ce is nan"


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 3 GiB"),
        MemoryError(),
        RuntimeError("[enforce fail at alloc_cpu.cpp:117] err == 0. DefaultCPUAllocator: can't allocate memory"),
    ],
    ids=["cuda", "python", "cpu"],
)
def test_a_trial_without_memory_is_begun_again_once_with_checkpointing(
    run: Run, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    real, checkpointed = study.trainable.fit, []

    def scarce(config: Any, *arguments: Any, **keywords: Any) -> Any:
        checkpointed.append(config.gradient_checkpointing)
        for report in real(config, *arguments, **keywords):
            if report["epoch"] == 2 and not config.gradient_checkpointing:
                raise error
            yield report

    monkeypatch.setattr(study.trainable, "fit", scarce)
    reports = run()
    assert checkpointed == [False, True]
    assert [report["epoch"] for report in reports] == [0, 1, 0, 1, 2]
    assert FAILURE not in reports[-1]
    assert reports[-1][NOTE].startswith("out of memory")
    assert reports[-1][NOTE].endswith("begun again with gradient checkpointing")


def test_a_trial_that_lacks_memory_again_fails(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any, **keywords: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr(study.trainable, "fit", never)
    (report,) = run()
    assert report[FAILURE] == "out of memory: CUDA out of memory"
    assert report[NOTE].endswith("with gradient checkpointing")
    (report,) = run(gradient_checkpointing=True)
    assert (report[FAILURE], report[NOTE]) == ("out of memory: CUDA out of memory", "")


def test_whatever_else_is_raised_is_left_to_ray(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any, **keywords: Any) -> Any:
        raise OSError("the disk is gone")

    monkeypatch.setattr(study.trainable, "fit", never)
    with pytest.raises(OSError, match="the disk is gone"):
        run()
