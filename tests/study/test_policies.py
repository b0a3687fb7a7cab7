"""Studies that end for a reason of their own, through the command line, on made pictograms."""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest
from small_arasaac import write_small_arasaac
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ROOT = Path(__file__).resolve().parents[2]
SPACE = """\
model: tiny
dataset: arasaac
language: es
epochs: 2
trials: 4
lr: 1.0e-3
pool_size: 20
batch_size: 20
search: {rank: {choices: [1, 2, 3, 4]}}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("policies")
    (home / "small.yaml").write_text(SPACE)
    write_small_arasaac(home / "arasaac")
    return home


def command(*arguments: str) -> list[str]:
    return [sys.executable, str(ROOT / "study" / "run.py"), "--no-report", *arguments]


def begin(name: str, *arguments: str) -> list[str]:
    space = ("--space", "small.yaml", "--profile", "rehearsal", "--data-dir", "arasaac", "--name", name)
    return command(*space, *arguments)


def environment(home: Path) -> dict[str, str]:
    return {**os.environ, "MODALITY_GAP_CACHE": str(home / "cache"), "OMP_NUM_THREADS": "1"}


def run(home: Path, arguments: list[str], code: int = 0) -> str:
    done = subprocess.run(arguments, cwd=home, env=environment(home), capture_output=True, text=True, timeout=400)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout


def test_too_many_failures_end_the_study_with_the_reason(home: Path) -> None:
    output = run(home, begin("failing", "--trials", "9", "--set", "lr=1e38"), code=1)
    assert "4 of 4 trials failed, more than max_failed_share 0.5" in output
    directory = home / "results" / "failing-rehearsal"
    trials = pd.read_csv(directory / "trials.csv")
    assert trials["state"].tolist() == ["FAIL"] * 4
    assert trials["error"].str.contains(r"^(?:step \d+: .*loss is|\d+ of \d+ \w+ embeddings are not finite)").all()
    assert len(pd.read_csv(directory / "pareto.csv")) == 0
    study = optuna.load_study(study_name=None, storage=f"sqlite:///{directory}/optuna.db")
    assert [(trial.state.name, trial.values) for trial in study.trials] == [("FAIL", None)] * 4
    assert json.loads((directory / "study.json").read_text())["reason"].startswith("4 of 4 trials failed")


def test_a_study_out_of_time_goes_on_and_gets_its_error_bars(home: Path) -> None:
    """Three objectives, a constraint, NSGA-II, an epoch that maximises a sum: everything at once, interrupted."""
    settings = {
        "objectives": "{recall_at_1: max, modality_gap: min, trained_parameters: min}",
        "reference": "{trained_parameters: 1000000}",
        "constraints": "[recall_at_10 >= 0]",
        "sampler": "{name: nsga2, options: {population_size: 2}}",
        "objective_epoch": "{modality_gap: 1}",
        "keep_adapters": "all",
    }
    changes = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    output = run(home, begin("timed", "--hours", "0.0001", *changes))
    assert "hours are over after 0 of 4 trials" in output
    assert "to go on: python study/run.py --resume" in output
    directory = home / "results" / "timed-rehearsal"
    assert "ended" not in json.loads((directory / "study.json").read_text())

    output = run(home, command("--resume", "results/timed-rehearsal", "--hours", "1", "--replicates", "2"))
    assert "every replicate has run" in output
    assert not (directory / "report.html").exists()  # --no-report
    trials, epochs = pd.read_csv(directory / "trials.csv"), pd.read_csv(directory / "epochs.csv")
    assert len(trials) == 4
    for _, trial in trials[trials["state"] == "COMPLETE"].iterrows():
        own = epochs[(epochs["trial_id"] == trial["trial_id"]) & (epochs["epoch"] >= 1)]
        widest = own.loc[own["modality_gap"].idxmax()]
        assert (trial["epoch"], trial["modality_gap"]) == (widest["epoch"], widest["modality_gap"])
        assert trial["recall_at_1"] == widest["recall_at_1"]  # the same epoch for every objective
        assert trial["last_epoch"] == 2
    front, replicates = pd.read_csv(directory / "pareto.csv"), pd.read_csv(directory / "replicates.csv")
    assert front["n"].tolist() == [2] * len(front)
    assert front["modality_gap_se"].notna().all()
    assert front["pareto_probability"].between(0, 1).all()
    assert sorted(replicates["replicate_of"]) == sorted([*front["trial_id"], *front["trial_id"]])
    assert set(replicates["seed"]) == {1, 2}
    # Every trial is run again with the same seeds: differences are paired.
    assert {tuple(sorted(own["seed"])) for _, own in replicates.groupby("replicate_of")} == {(1, 2)}
    study = optuna.load_study(study_name="timed-rehearsal", storage=f"sqlite:///{directory}/optuna.db")
    assert {f"t{trial.number:03d}" for trial in study.best_trials} == set(front["trial_id"])
    assert all(trial.constraints for trial in study.trials if trial.state.name == "COMPLETE")

    shown = run(home, [sys.executable, str(ROOT / "study" / "pareto.py"), "results/timed-rehearsal"])
    assert "±" in shown
    picked = run(
        home,
        [sys.executable, str(ROOT / "study" / "pareto.py"), "results/timed-rehearsal", "--pick", "recall_at_1 >= 0"],
    )
    assert "adapters/t" in picked


def test_a_plateau_ends_the_study(home: Path) -> None:
    # Steps too small to change a rank: no trial has a better recall than the model before training.
    output = run(home, begin("flat", "--set", "patience=1", "--set", "temperature=frozen", "--set", "lr=1e-12"))
    assert "the front has not grown for 1 trials" in output
    directory = home / "results" / "flat-rehearsal"
    growth = pd.read_csv(directory / "hypervolume.csv")
    assert len(growth) < 4
    events = EventAccumulator(str(directory / "tensorboard" / "study"))
    events.Reload()
    curve = [event.value for event in events.Scalars("study/hypervolume")]
    assert curve == pytest.approx(growth["hypervolume"].tolist(), rel=1e-6)


@pytest.mark.slow  # the points and their queue have quick tests, in test_grid.py and test_ledger.py
def test_a_grid_is_tried_once_and_stopping_can_be_switched_off(home: Path) -> None:
    output = run(home, begin("grid", "--trials", "9", "--set", "sampler=grid", "--set", "early_stopping=off"))
    assert "every point of the grid has been tried" in output
    trials = pd.read_csv(home / "results" / "grid-rehearsal" / "trials.csv")
    assert sorted(trials["rank"]) == [1, 2, 3, 4]
    assert set(trials["state"]) == {"COMPLETE"}


def test_two_machines_add_to_one_study(home: Path) -> None:
    url = f"sqlite:///{home}/shared.db"
    places = [home / "results" / name for name in ("one", "two")]
    processes = []
    for place in places:
        arguments = begin("shared", "--storage", url, "--results-dir", str(place), "--trials", "5")
        processes.append(
            subprocess.Popen(
                arguments, cwd=home, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.STDOUT
            )
        )
    outputs = [process.communicate(timeout=400)[0].decode() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    study = optuna.load_study(study_name="shared-rehearsal", storage=url)
    owners = {trial.user_attrs["owner"] for trial in study.trials}
    assert len(owners) == 2
    assert 5 <= len(study.trials) <= 6  # both may ask for the last one at once
    last = max(places, key=lambda place: len(pd.read_csv(place / "shared-rehearsal" / "trials.csv")))
    front = pd.read_csv(last / "shared-rehearsal" / "pareto.csv")
    assert {f"t{trial.number:03d}" for trial in study.best_trials} == set(front["trial_id"])
    other = begin("shared", "--storage", url, "--results-dir", str(home / "three"), "--epochs", "3")
    refused = subprocess.run(other, cwd=home, env=environment(home), capture_output=True, text=True)
    assert refused.returncode == 2
    assert "has spec.epochs 2, this one 3: give another --name" in refused.stderr
