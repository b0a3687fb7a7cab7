"""Bad input: one line, exit code 2, nothing written."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_arasaac import write_small_arasaac

from study.run import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results"


def run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: Path, *arguments: str
) -> tuple[int, str]:
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(results.parent / "cache"))
    monkeypatch.setattr(sys, "argv", ["study/run.py", "--results-dir", str(results), *arguments])
    code = main()
    return code, capsys.readouterr().err


PICTOGRAMS = ("--space", "pictograms_es.yaml", "--profile", "rehearsal", "--model", "tiny")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--space", "arasac_es.yaml"), "unknown search space 'arasac_es.yaml': did you mean 'arasaac_es.yaml'?"),
        ((*PICTOGRAMS, "--trials", "0"), "command line: trials: input should be greater than or equal to 1, got 0"),
        ((*PICTOGRAMS, "--set", "ranck=4"), "command line: unknown setting 'ranck': did you mean 'rank'?"),
        ((*PICTOGRAMS, "--set", "rank"), "--set rank: expected KEY=VALUE"),
        ((*PICTOGRAMS, "--set", "lr=nan"), "command line: lr: input should be a finite number, got nan"),
        ((*PICTOGRAMS, "--set", "terms=ce+varience"), "unknown loss term 'varience': did you mean 'variance'?"),
        ((*PICTOGRAMS, "--set", "dataset=pictogramas"), "unknown dataset 'pictogramas': did you mean 'pictograms'?"),
        ((*PICTOGRAMS, "--set", "sampler=tpee"), "unknown sampler 'tpee': did you mean 'tpe'?"),
        ((*PICTOGRAMS, "--set", "sampler={name: gp, options: {n: 3}}"), "sampler gp: unknown option 'n'"),
        ((*PICTOGRAMS, "--set", "early_stopping=maybe"), "early_stopping: expected off, on, or reduction_factor"),
        ((*PICTOGRAMS, "--set", "early_stopping={reduction_factor: 1}"), "should be greater than 1, got 1"),
        ((*PICTOGRAMS, "--set", "constraints=[recall_at_10 => 70]"), "expected a condition such as"),
        ((*PICTOGRAMS, "--set", "constraints=[recal_at_10 >= 70]"), "did you mean 'recall_at_10'?"),
        ((*PICTOGRAMS, "--set", "objective_epoch=best"), "objective_epoch"),
        ((*PICTOGRAMS, "--set", "objective_epoch={recal_at_1: 1}"), "did you mean 'recall_at_1'?"),
        ((*PICTOGRAMS, "--set", "objectives={recall_at_1: max, seconds: min}"), "give reference: {seconds: 600}"),
        ((*PICTOGRAMS, "--set", "reference={uniformity: 1}"), "unknown reference of objective 'uniformity'"),
        ((*PICTOGRAMS, "--set", "sampler=grid"), "sampler grid: "),
        ((*PICTOGRAMS, "--hours", "0"), "hours: input should be greater than 0, got 0"),
        (("--resume", "no/such/study"), "--resume no/such/study: no study is there"),
        (
            (*PICTOGRAMS, "--name", "../elsewhere"),
            "--name: expected a plain directory name of at most 150 bytes, got '../elsewhere'",
        ),
        (("--space", "pictograms_es.yaml", "--profile", "rehearsal", "--model", "minni"), "unknown model 'minni'"),
        (("--space", "mscoco.yaml", "--profile", "rehearsal", "--model", "tiny"), "mscoco: "),
        ((*PICTOGRAMS, "--download"), "--download: expected a space whose dataset is arasaac, got pictograms"),
        (
            ("--space", "arasaac_es.yaml", "--profile", "study", "--model", "tiny"),
            "arasaac: no data; download it with python -m gap.data.arasaac --lang es, or study/run.py's --download",
        ),
        (
            ("--space", "arasaac_es.yaml", "--profile", "study", "--model", "tiny", "--data-dir", "no/such/place"),
            "no/such/place is not a directory",
        ),
    ],
)
def test_one_line_and_nothing_written(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    results: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code, error = run(monkeypatch, capsys, results, *arguments)
    assert code == 2
    assert error.startswith("error: ")
    assert message in error
    assert error.count("\n") == 1
    assert not results.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--concurrent", "999"), "error: --concurrent 999: only "),
        (("--storage-path", "nosuch://bucket/x"), "error: --storage-path nosuch://bucket/x: "),
        (("--storage", "nonsense"), "error: --storage nonsense: expected a database's URL"),
        (("--storage", "postgresql://127.0.0.1:1/none"), "error: --storage: "),
        (("--address", "127.0.0.1:1"), "error: --address 127.0.0.1:1: no Ray cluster answers there"),
    ],
)
def test_a_machine_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    results: Path,
    arguments: tuple[str, ...],
    message: str,
) -> None:
    code, error = run(monkeypatch, capsys, results, *PICTOGRAMS, *arguments)
    assert code == 2
    assert error.splitlines()[-1].startswith(message)
    assert "Traceback" not in error
    assert not results.exists()


def test_the_faults_of_a_local_copy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: Path, tmp_path: Path
) -> None:
    space = ("--space", "arasaac_es.yaml", "--profile", "rehearsal", "--model", "tiny", "--dry-run")
    (tmp_path / "empty").mkdir()
    code, error = run(monkeypatch, capsys, results, *space, "--data-dir", str(tmp_path / "empty"))
    assert (code, error.count("\n")) == (2, 1)
    assert "es.json is missing" in error
    bad = write_small_arasaac(tmp_path / "bad", keywords=200, corrupt=5)
    code, error = run(monkeypatch, capsys, results, *space, "--data-dir", str(bad))
    assert (code, error.splitlines()[-1].startswith("error: ")) == (2, True)
    assert "of 200 images are unusable" in error
    mute = write_small_arasaac(tmp_path / "mute", keywords=190)
    code, error = run(monkeypatch, capsys, results, *space, "--data-dir", str(mute))
    assert code == 2
    assert "no keywords" in error
    assert not results.exists()


def test_a_checkpoint_of_another_architecture(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: Path, tmp_path: Path
) -> None:
    import torch

    torch.save({"visual.conv1.weight": torch.zeros(2, 2)}, tmp_path / "other.pt")
    code, error = run(monkeypatch, capsys, results, *PICTOGRAMS[:4], "--model", f"tiny:{tmp_path / 'other.pt'}")
    assert (code, error.count("\n")) == (2, 1)
    assert "other.pt" in error
    assert not results.exists()


def test_a_study_that_exists_is_not_mixed_with_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], results: Path
) -> None:
    (results / "pictograms_es-rehearsal").mkdir(parents=True)
    code, error = run(monkeypatch, capsys, results, *PICTOGRAMS)
    assert code == 2
    assert "exists: --resume " in error


def test_help_answers_at_once_and_teaches() -> None:
    began = time.monotonic()
    done = subprocess.run([sys.executable, ROOT / "study" / "run.py", "--help"], capture_output=True, text=True)
    assert time.monotonic() - began < 2
    assert done.returncode == 0
    assert "examples:" in done.stdout


def test_an_option_that_does_not_exist_is_refused() -> None:
    done = subprocess.run([sys.executable, ROOT / "study" / "run.py", "--sapce", "x"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
