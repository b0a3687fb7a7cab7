"""Ctrl-C in the middle of a study."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pandas as pd

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


def rows(path: Path) -> int:
    return len(pd.read_csv(path)) if path.exists() else 0


def test_what_had_ended_is_kept(tmp_path: Path) -> None:
    (tmp_path / "small.yaml").write_text(SPACE)
    process = subprocess.Popen(
        [sys.executable, ROOT / "study" / "run.py", "--space", "small.yaml", "--profile", "rehearsal"],
        cwd=tmp_path,
        env={**os.environ, "MODALITY_GAP_CACHE": str(tmp_path / "cache")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    directory = tmp_path / "results" / "small-rehearsal"
    deadline = time.monotonic() + 400
    while rows(directory / "epochs.csv") < 7 and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 130, output
    assert "interrupted after 1 of 20 trials" in output
    assert "Traceback" not in output
    assert pd.read_csv(directory / "trials.csv")["state"].tolist() == ["COMPLETE"]
    assert pd.read_csv(directory / "pareto.csv")["trial_id"].tolist() == ["t000"]
    assert rows(directory / "epochs.csv") >= 7
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{directory}/optuna.db")
    assert study.trials[0].state.name == "COMPLETE"
