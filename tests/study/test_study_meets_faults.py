"""Whole studies on a disk that fills up, and with data that go away: one line, and the study goes on afterwards."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from small_arasaac import write_small_arasaac
from small_disk import ROOT, on_small_disk

from study.front import pareto_front

RUN = str(ROOT / "study" / "run.py")
SPACE = """\
model: tiny
dataset: arasaac
language: es
epochs: 2
trials: 6
objectives: {misalignment: min, modality_gap: min}
early_stopping: off
search: {rank: {choices: [1, 2]}, lr: {low: 1.0e-4, high: 1.0e-2, log: true}}
pool_size: 20
rehearsal: {batch_size: 20}
"""
BEGIN = ["--space", "small.yaml", "--profile", "rehearsal", "--data-dir", "arasaac", "--no-report", "--name", "small"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_small_arasaac(tmp_path / "arasaac")
    (tmp_path / "small.yaml").write_text(SPACE)
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def check_whole(directory: Path) -> None:
    trials, epochs = pd.read_csv(directory / "trials.csv"), pd.read_csv(directory / "epochs.csv")
    assert trials["state"].tolist() == ["COMPLETE"] * 6
    assert epochs[["trial_id", "epoch"]].drop_duplicates().shape[0] == len(epochs) == 18
    front = pareto_front(trials, {"misalignment": "min", "modality_gap": "min"})
    assert sorted(front["trial_id"]) == sorted(pd.read_csv(directory / "pareto.csv")["trial_id"])
    assert len(pd.read_csv(directory / "hypervolume.csv")) == 6


# Fills the disk when two trials have ended, and makes room once the study has given up.
FILLING = """\
import subprocess, sys, time
from pathlib import Path
import pandas as pd
disk, run, *arguments = sys.argv[1:]
command = [sys.executable, run, *arguments, "--results-dir", disk]
process = subprocess.Popen(command, stdout=2, stderr=subprocess.PIPE, text=True)
table = Path(disk, "small-rehearsal", "trials.csv")
while process.poll() is None and not (table.exists() and len(pd.read_csv(table)) >= 2):
    time.sleep(0.1)
with Path(disk, "filler").open("wb", buffering=0) as filler:
    try:
        while True:
            filler.write(bytes(512))
    except OSError:
        pass
errors = process.communicate()[1]
print(process.returncode, errors.strip().splitlines()[-1], "Traceback" in errors, sep="|", flush=True)
Path(disk, "filler").unlink()
print(subprocess.run([sys.executable, run, "--no-report", "--resume", f"{disk}/small-rehearsal"], stdout=2).returncode)
subprocess.run(["cp", "-r", f"{disk}/small-rehearsal", "afterwards"], check=True)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="mounts a disk as Linux does")
def test_a_disk_that_fills_up(home: Path) -> None:
    disk = home / "disk"
    disk.mkdir()
    output = on_small_disk([sys.executable, "-c", FILLING, str(disk), RUN, *BEGIN], disk, size="20m").splitlines()
    code, said, traceback = output[0].split("|")
    assert (code, traceback) == ("2", "False")
    assert said.startswith("error: ")
    assert said.endswith("make room, then go on: python study/run.py --resume disk/small-rehearsal")
    assert output[1] == "0"
    check_whole(home / "afterwards")


@pytest.mark.slow
def test_data_that_go_away_between_trials(home: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, RUN, *BEGIN], stderr=subprocess.PIPE, text=True, env=environment)
    directory = home / "results" / "small-rehearsal"
    while process.poll() is None and not (directory / "pareto.csv").exists():
        time.sleep(0.1)
    shutil.rmtree(home / "cache" / "datasets")
    said = process.communicate()[1].strip()
    assert process.returncode == 2
    assert "is not a prepared dataset" in said.splitlines()[-1]
    assert said.endswith("then go on: python study/run.py --resume results/small-rehearsal")
    assert "FAIL" not in set(pd.read_csv(directory / "trials.csv")["state"])
    resume = [sys.executable, RUN, "--no-report", "--resume", str(directory)]
    away = (home / "arasaac").rename(home / "away")
    refused = subprocess.run(resume, capture_output=True, text=True, env=environment)
    assert refused.returncode == 2
    assert "has left the cache, and cannot be prepared again" in refused.stderr
    away.rename(home / "arasaac")
    assert subprocess.run(resume, env=environment).returncode == 0
    check_whole(directory)
