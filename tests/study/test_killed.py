"""kill -9 of the driver, of the trial's process, of everything: what is resumed ends as if nothing had happened.

The search, its early stopping and every value have to come out as in the study that nobody disturbed: trials run one
after another, on one machine, with the same number of threads.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import optuna
import pandas as pd
import pytest
from small_arasaac import write_small_arasaac

from study.cosines import read_cosines
from study.lock import study_lock

ROOT = Path(__file__).resolve().parents[2]
RUN = str(ROOT / "study" / "run.py")
SPACE = """\
model: tiny
dataset: arasaac
language: es
epochs: 2
trials: {trials}
objectives: {{misalignment: min, modality_gap: min}}
lr: 1.0e-3
early_stopping: {{reduction_factor: 2}}
search:
  terms: {{choices: [ce, ce+variance, ce+centroid]}}
  beta: {{low: -1, high: 1, default: 1, when: variance}}
  rank: {{choices: [1, 2]}}
  weight_centroid: {{low: 0.1, high: 10, log: true, when: centroid}}
sampler: {{name: tpe, options: {{n_startup_trials: 2}}}}
enqueue:
  - {{terms: ce, rank: 1}}
pool_size: 20
rehearsal: {{batch_size: 20}}
"""
# What depends on the clock and the process. The rest is the same to the last bit.
COSTS = ["seconds", "train_seconds", "images_per_second", "data_share", "peak_memory_gb", "note"]
LIMIT = 400


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "OMP_NUM_THREADS": "1"}


def begin(home: Path, name: str, trials: int) -> list[str]:
    (home / "small.yaml").write_text(SPACE.format(trials=trials))
    return [
        sys.executable,
        RUN,
        "--no-report",
        "--space",
        "small.yaml",
        "--profile",
        "rehearsal",
        "--name",
        name,
        "--data-dir",
        "arasaac",
    ]


def resume(home: Path, name: str, *more: str) -> list[str]:
    return [sys.executable, RUN, "--no-report", "--resume", f"results/{name}-rehearsal", *more]


def finish(command: list[str], home: Path) -> str:
    done = subprocess.run(command, cwd=home, env=environment(home), capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def start(command: list[str], home: Path) -> subprocess.Popen[bytes]:
    with (home / "log").open("ab") as log:
        return subprocess.Popen(
            command, cwd=home, env=environment(home), stdout=log, stderr=log, start_new_session=True
        )


def reach(path: Path, rows: int, process: subprocess.Popen[bytes]) -> None:
    """Wait until a table has so many rows, or the process is over."""
    deadline = time.monotonic() + LIMIT
    while process.poll() is None and time.monotonic() < deadline:
        if path.exists() and len(pd.read_csv(path)) >= rows:
            return
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = [tuple(map(int, line.split())) for line in listed.splitlines()]
    found, grown = {pid}, True
    while grown:
        more = {child for child, parent in pairs if parent in found} - found
        found, grown = found | more, bool(more)
    return sorted(found - {pid})


def workers(pid: int) -> list[int]:
    """The processes that run a trial."""
    listed = subprocess.run(["ps", "-eo", "pid=,args="], capture_output=True, text=True, check=True).stdout
    names = dict(line.strip().split(maxsplit=1) for line in listed.splitlines() if " " in line.strip())
    return [child for child in descendants(pid) if "ImplicitFunc" in names.get(str(child), "")]


def kill(process: subprocess.Popen[bytes], what: str) -> None:
    everything = [process.pid, *descendants(process.pid)]
    for pid in {"driver": [process.pid], "trial": workers(process.pid), "everything": everything}[what]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    if what != "trial":
        process.wait(timeout=60)


def trials_of(directory: Path) -> pd.DataFrame:
    table = pd.read_csv(directory / "trials.csv").drop(columns=COSTS)
    return table.sort_values("trial_id", ignore_index=True)


def check_whole(directory: Path, undisturbed: Path) -> None:
    pd.testing.assert_frame_equal(trials_of(directory), trials_of(undisturbed), check_exact=True)
    for name in ("epochs", "pareto", "baseline"):
        own, expected = (
            pd.read_csv(place / f"{name}.csv").drop(columns=COSTS, errors="ignore")
            for place in (directory, undisturbed)
        )
        pd.testing.assert_frame_equal(own, expected, check_exact=True)
    for trial in pd.read_csv(directory / "trials.csv")["trial_id"]:
        pd.testing.assert_frame_equal(read_cosines(directory, trial), read_cosines(undisturbed, trial))
    kept = {path.name for path in (directory / "adapters").iterdir()}
    assert {path.stem for path in (directory / "embeddings").glob("[!.]*")} == {"baseline", *kept}
    volumes = [pd.read_csv(place / "hypervolume.csv")["hypervolume"].tolist() for place in (directory, undisturbed)]
    assert volumes[0] == volumes[1]
    front = set(pd.read_csv(directory / "pareto.csv")["trial_id"])
    assert {path.name for path in (directory / "adapters").iterdir()} == front
    assert not list((directory / ".ray").glob("*/*/checkpoint_*"))
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{directory}/optuna.db")
    assert {f"t{trial.number:03d}" for trial in study.best_trials} == front
    assert all(trial.state.is_finished() for trial in study.trials)
    assert json.loads((directory / "study.json").read_text())["ended"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("killed")
    write_small_arasaac(home / "arasaac")
    return home


@pytest.fixture(scope="module")
def undisturbed(home: Path) -> Iterator[Path]:
    finish(begin(home, "undisturbed", 4), home)
    directory = home / "results" / "undisturbed-rehearsal"
    states = pd.read_csv(directory / "trials.csv")["state"]
    assert set(states) == {"COMPLETE", "STOPPED"}  # there is something to get wrong
    return directory


@pytest.mark.parametrize(
    ("what", "rows"), [("trial", 2), ("everything", 1), pytest.param("driver", 5, marks=pytest.mark.slow)]
)
def test_a_study_that_is_killed_ends_as_if_it_had_not_been(home: Path, undisturbed: Path, what: str, rows: int) -> None:
    process = start(begin(home, what, 4), home)
    directory = home / "results" / f"{what}-rehearsal"
    reach(directory / "epochs.csv", rows, process)
    kill(process, what)
    if what == "trial":  # the study itself goes on
        assert process.wait(timeout=LIMIT) == 0, (home / "log").read_text()
    else:
        assert not (directory / ".pid").exists() or process.poll() is not None
        finish(resume(home, what), home)
    check_whole(directory, undisturbed)


def test_trials_are_added_to_a_study_that_has_ended(home: Path, undisturbed: Path) -> None:
    finish(begin(home, "grown", 2), home)
    directory = home / "results" / "grown-rehearsal"
    before = trials_of(directory)
    output = finish(resume(home, "grown", "--trials", "4"), home)
    assert "trial 3 of 4 (t002)" in output
    assert "(t001)" not in output
    pd.testing.assert_frame_equal(trials_of(directory).head(2), before)
    check_whole(directory, undisturbed)
    runs = json.loads((directory / "study.json").read_text())["runs"]
    assert [run["command"][2:4] for run in runs] == [["--space", "small.yaml"], ["--resume", "results/grown-rehearsal"]]


@pytest.mark.slow
def test_a_study_with_nothing_left_to_do(home: Path, undisturbed: Path) -> None:
    output = finish(resume(home, "undisturbed"), home)
    assert "all 4 trials have run" in output
    assert "epoch" not in output.split("Pareto front")[0]


def test_two_runs_on_one_directory(home: Path, undisturbed: Path) -> None:
    with study_lock(undisturbed):
        command = resume(home, "undisturbed", "--trials", "9")
        second = subprocess.run(command, cwd=home, env=environment(home), capture_output=True, text=True)
    assert second.returncode == 2
    assert f"is in use: process {os.getpid()} runs this study" in second.stderr
    assert json.loads((undisturbed / "study.json").read_text())["spec"]["trials"] == 4


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_kills_at_random_moments(home: Path) -> None:
    finish(begin(home, "quiet", 24), home)
    chance = random.Random(0)
    name, kills = "random", 0
    directory = home / "results" / f"{name}-rehearsal"
    process = start(begin(home, name, 24), home)
    while kills < 20:
        time.sleep(chance.uniform(0.5, 12))  # from the interpreter's start to the middle of a trial
        what = chance.choice(["driver", "everything", "trial"])
        if process.poll() is None:
            kill(process, what)
            kills += 1
        elif process.returncode == 0:
            break
        if process.poll() is not None:
            again = resume(home, name) if directory.exists() else begin(home, name, 24)
            process = start([*again, "--set", "restarts=99"] if directory.exists() else again, home)
    if process.wait(timeout=LIMIT) != 0:
        finish(resume(home, name), home)
    assert kills >= 20, f"the study was over after {kills} kills"
    check_whole(directory, home / "results" / "quiet-rehearsal")
