"""A whole study on the bundled pictograms with a small random model, through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import optuna
import pandas as pd
import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from gap.metrics import METRICS
from gap.models.load import load_clip
from gap.models.save import load_adapter
from study.front import non_dominated
from study.open_trial import kept_trials, load_trial, study_dataset

ROOT = Path(__file__).resolve().parents[2]
SPACE = """\
model: tiny
dataset: pictograms
language: es
epochs: 1
trials: 3
lr: 1.0e-3
search:
  terms: {choices: [ce, ce+variance, ce+centroid]}
  beta: {low: -1, high: 1, default: 1, when: variance}
  rank: {choices: [2, 4], default: 2}
enqueue:
  - {terms: ce+variance}
  - {terms: ce+centroid, rank: 4}
rehearsal: {batch_size: 64}
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("study")
    (home / "small.yaml").write_text(SPACE)
    done = subprocess.run(
        [sys.executable, ROOT / "study" / "run.py", "--space", home / "small.yaml", "--profile", "rehearsal"],
        cwd=home,
        env={**os.environ, "MODALITY_GAP_CACHE": str(home / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Pareto front" in done.stdout
    assert "t002 epoch 1/1: recall_at_1" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    return home / "results" / "small-rehearsal"


def test_the_tables(study: Path) -> None:
    trials, epochs = pd.read_csv(study / "trials.csv"), pd.read_csv(study / "epochs.csv")
    assert trials["trial_id"].tolist() == ["t000", "t001", "t002"]
    assert trials["terms"].tolist()[:2] == ["ce+variance", "ce+centroid"]
    assert trials["rank"].tolist()[:2] == [2, 4]
    assert trials["beta"].isna().tolist()[:2] == [False, True]
    assert set(trials["state"]) == {"COMPLETE"}
    assert set(trials["profile"]) == set(epochs["profile"]) == {"rehearsal"}
    assert epochs.groupby("trial_id")["epoch"].apply(list).tolist() == [[0, 1]] * 3
    assert not epochs[list(METRICS)].isna().any().any()
    assert trials["best_epoch"].tolist() == [1, 1, 1]
    assert trials["error"].isna().all()


def test_the_front_holds_the_trials_that_nothing_beats(study: Path) -> None:
    trials, front = pd.read_csv(study / "trials.csv"), pd.read_csv(study / "pareto.csv")
    values = trials[["recall_at_1", "modality_gap"]].to_numpy()
    assert set(front["trial_id"]) == set(trials["trial_id"][non_dominated(values, ["max", "min"])])
    assert front["recall_at_1"].is_monotonic_decreasing
    assert sorted(path.name for path in (study / "adapters").iterdir()) == sorted(front["trial_id"])


def test_the_baseline_is_epoch_zero(study: Path) -> None:
    baseline, epochs = pd.read_csv(study / "baseline.csv"), pd.read_csv(study / "epochs.csv")
    assert len(baseline) == 1
    zero = epochs[epochs["epoch"] == 0]
    assert (zero[list(METRICS)] - baseline[list(METRICS)].to_numpy()).abs().max().max() < 1e-4


def test_optuna_knows_the_same_trials(study: Path) -> None:
    trials = pd.read_csv(study / "trials.csv")
    loaded = optuna.load_study(study_name=None, storage=f"sqlite:///{study / 'optuna.db'}")
    assert [trial.values for trial in loaded.trials] == trials[["recall_at_1", "modality_gap"]].to_numpy().tolist()
    assert [trial.params["terms"] for trial in loaded.trials] == trials["terms"].tolist()


def test_tensorboard_shows_every_metric_of_every_trial(study: Path) -> None:
    epochs = pd.read_csv(study / "epochs.csv")
    for trial, rows in epochs.groupby("trial_id"):
        events = EventAccumulator(str(study / "tensorboard" / str(trial)))
        events.Reload()
        tags = {tag.split("/")[1]: tag for tag in events.Tags()["scalars"]}
        assert set(METRICS) <= set(tags)
        curve = [event.value for event in events.Scalars(tags["modality_gap"])]
        assert curve == pytest.approx(rows["modality_gap"].tolist(), rel=1e-6)


def test_the_record_of_the_study(study: Path) -> None:
    about = json.loads((study / "study.json").read_text())
    assert about["profile"] == "rehearsal"
    assert about["spec"]["batch_size"] == 64
    assert len(about["data"]["split_hash"]) == 64
    assert {"torch", "open_clip_torch", "peft", "ray", "optuna"} <= set(about["versions"])
    assert about["ended"] >= about["started"]
    assert str(Path.home()) not in json.dumps(about["spec"])


def test_an_adapter_of_the_front_loads(study: Path) -> None:
    for directory in (study / "adapters").iterdir():
        load_adapter(load_clip("tiny"), directory)


def test_its_trials_and_their_data_can_be_opened(study: Path) -> None:
    for trial in kept_trials(study):
        assert load_trial(study, trial)[1] is not None
    assert study_dataset(study).name == "pictograms"
