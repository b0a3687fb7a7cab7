"""Ctrl-C at a terminal, then a cluster's SIGTERM, in the middle of a study: both reach Ray's processes too."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pandas as pd

from gap.training.state import read_state

ROOT = Path(__file__).resolve().parents[2]
SPACE = """\
model: tiny
dataset: pictograms
language: es
epochs: 4
trials: 20
early_stopping: off
search: {rank: {choices: [2, 4]}}
rehearsal: {batch_size: 64}
"""
VALUES = ["trial_id", "epoch", "recall_at_1", "modality_gap"]
NOTES = ["note", "error"]
GO_ON = "python study/run.py --resume results/small-rehearsal"


def rows(path: Path) -> int:
    try:
        return len(pd.read_csv(path))
    except (FileNotFoundError, pd.errors.EmptyDataError):
        return 0


def interrupted(arguments: list[str], home: Path, *, at: int, number: int) -> tuple[int, str]:
    """Run the command until so many epochs are recorded, then signal its whole group."""
    process = subprocess.Popen(
        [sys.executable, ROOT / "study" / "run.py", *arguments],
        cwd=home,
        env={**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    epochs = home / "results" / "small-rehearsal" / "epochs.csv"
    deadline = time.monotonic() + 400
    while rows(epochs) < at and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(process.pid, number)
    output, _ = process.communicate(timeout=120)
    assert "Traceback" not in output
    return process.returncode, output


def states(directory: Path) -> list[Path]:
    """What is saved of t001, the oldest first."""
    return sorted((directory / ".ray").glob("*/t001*/checkpoint_*/state.pt"))


def saved_epochs(path: Path) -> int:
    return int(read_state(path)["reports"][-1]["epoch"])


def recorded_epochs(directory: Path) -> int:
    epochs = pd.read_csv(directory / "epochs.csv")
    return int(epochs[epochs["trial_id"] == "t001"]["epoch"].max())


def damage(directory: Path) -> None:
    """What a loss of power may leave: tables without content, the last checkpoint cut short."""
    for table in directory.glob("*.csv"):
        table.write_bytes(b"")
    newest = states(directory)[-1]
    os.truncate(newest, newest.stat().st_size // 2)


def test_what_had_ended_is_kept_and_what_runs_is_saved(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SPACE)
    directory = tmp_path / "results" / "small-rehearsal"

    # t000 has ended, t001 is in its second epoch: it is finished.
    code, output = interrupted(
        ["--space", "small.yaml", "--profile", "rehearsal"], tmp_path, at=7, number=signal.SIGINT
    )
    assert code == 130, output
    assert "interrupted: no further trial begins" in output
    assert "interrupted after 1 of 20 trials" in output
    assert f"to go on: {GO_ON}" in output
    assert pd.read_csv(directory / "trials.csv")["state"].tolist() == ["COMPLETE"]
    assert pd.read_csv(directory / "pareto.csv")["trial_id"].tolist() == ["t000"]
    finished = recorded_epochs(directory)
    assert saved_epochs(states(directory)[-1]) == finished >= 2
    trials, epochs = (pd.read_csv(directory / f"{name}.csv") for name in ("trials", "epochs"))

    # It goes on from the checkpoint before the damaged one; SIGTERM ends it within a moment, in t002.
    damage(directory)
    code, output = interrupted(["--resume", "results/small-rehearsal"], tmp_path, at=11, number=signal.SIGTERM)
    assert code == 143, output
    assert output.endswith(f"SIGTERM: stopped; to go on with the last saved epochs: {GO_ON}\n")
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{directory}/optuna.db")
    assert [trial.state.name for trial in study.trials[:3]] == ["COMPLETE", "COMPLETE", "RUNNING"]
    again = pd.read_csv(directory / "trials.csv")
    pd.testing.assert_frame_equal(again.head(1).drop(columns=NOTES), trials.drop(columns=NOTES), check_dtype=False)
    assert again["note"][1].endswith("not used")
    assert "state.pt holds no state of a run" in again["note"][1]
    pd.testing.assert_frame_equal(pd.read_csv(directory / "epochs.csv").head(len(epochs))[VALUES], epochs[VALUES])
    assert pd.read_csv(directory / "baseline.csv")["epoch"].tolist() == [0]
