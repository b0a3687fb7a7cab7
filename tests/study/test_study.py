"""A whole study on the bundled pictograms with a small random model, through the command line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import optuna
import pandas as pd
import pytest
from google.protobuf import text_format
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.metadata import EXPERIMENT_TAG, SESSION_END_INFO_TAG, SESSION_START_INFO_TAG
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig

from gap.metrics import METRICS
from gap.models.load import load_clip
from gap.models.save import load_adapter
from study.cosines import read_cosines
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
        raw, weighted = (events.Scalars(f"{group}_ce")[0].value for group in ("loss/term", "loss_weighted/weighted"))
        assert raw == weighted == pytest.approx(rows["term_ce"].iloc[1], rel=1e-6)


def test_tensorboard_shows_the_cosines_of_every_epoch(study: Path) -> None:
    for trial in ("t000", "t001", "t002"):
        events = EventAccumulator(str(study / "tensorboard" / trial), size_guidance={"histograms": 0})
        events.Reload()
        table = read_cosines(study, trial)
        for kind in ("image_image", "text_text", "paired", "crossed"):
            shown = {event.step: event.histogram_value for event in events.Histograms(f"cosines/{kind}")}
            counted = table[table["kind"] == kind].groupby("epoch")
            assert list(shown) == [0, 1]
            assert [shown[epoch].num for epoch in shown] == counted["count"].sum().tolist()
            middle = (table["cosine"] * table["count"])[table["kind"] == kind].groupby(table["epoch"]).sum()
            assert [shown[epoch].sum for epoch in shown] == pytest.approx(middle.tolist(), rel=1e-6)


def test_tensorboard_shows_pictures_before_and_after(study: Path) -> None:
    for trial in ("t000", "t001", "t002"):
        board = study / "tensorboard" / trial
        events = EventAccumulator(str(board), size_guidance={"images": 0})
        events.Reload()
        assert [event.step for event in events.Images("retrieval/text_to_image")] == [0, 1]
        licences = [event.tensor_proto.string_val[0] for event in events.Tensors("retrieval/licence/text_summary")]
        assert all(b"CC" in licence for licence in licences)
        assert len(licences) == 2
        config = ProjectorConfig()
        text_format.Parse((board / "projector_config.pbtxt").read_text(), config)
        assert [embedding.tensor_name for embedding in config.embeddings] == ["test:00000", "test:00001"]
        for embedding in config.embeddings:
            vectors = np.loadtxt(board / embedding.tensor_path, delimiter="\t")
            labels = (board / embedding.metadata_path).read_text().splitlines()
            assert len(vectors) == len(labels) - 1 == 180
            assert np.linalg.norm(vectors, axis=1) == pytest.approx(1, abs=0.01)
            with Image.open(board / embedding.sprite.image_path) as sprite:
                assert sprite.size == (14 * 32, 14 * 32)
        assert sum(path.stat().st_size for path in board.rglob("*") if path.is_file()) < 5e6


def test_tensorboard_knows_parameters_and_objectives(study: Path) -> None:
    trials = pd.read_csv(study / "trials.csv").set_index("trial_id")
    described = hparams(study / "tensorboard" / "study", EXPERIMENT_TAG).experiment
    assert {"terms", "beta", "rank", "lr", "model"} <= {info.name for info in described.hparam_infos}
    objectives = {info.name.tag for info in described.metric_infos}
    assert objectives == {"recall/recall_at_1", "geometry/modality_gap"}
    for trial, row in trials.iterrows():
        started = hparams(study / "tensorboard" / str(trial), SESSION_START_INFO_TAG).session_start_info
        assert started.hparams["terms"].string_value == row["terms"]
        assert started.hparams["rank"].number_value == row["rank"]
        assert ("beta" in started.hparams) == (row["terms"] == "ce+variance")
        ended = hparams(study / "tensorboard" / str(trial), SESSION_END_INFO_TAG).session_end_info
        assert ended.status == Status.Value("STATUS_SUCCESS")


def hparams(run: Path, tag: str) -> HParamsPluginData:
    events = EventAccumulator(str(run))
    events.Reload()
    return HParamsPluginData.FromString(events.summary_metadata[tag].plugin_data.content)


def test_the_embeddings_of_the_front_are_kept(study: Path) -> None:
    kept = {path.stem for path in (study / "embeddings").iterdir()}
    assert kept == {"baseline", *pd.read_csv(study / "pareto.csv")["trial_id"]}


def test_the_record_of_the_study(study: Path) -> None:
    about = json.loads((study / "study.json").read_text())
    assert about["profile"] == "rehearsal"
    assert about["spec"]["batch_size"] == 64
    assert len(about["data"]["split_hash"]) == 64
    assert {"torch", "open_clip_torch", "peft", "ray", "optuna"} <= set(about["versions"])
    assert about["ended"] >= about["started"]
    assert str(Path.home()) not in json.dumps(about["spec"])


def test_the_study_ends_with_its_report(study: Path) -> None:
    page = (study / "report.html").read_text(encoding="utf-8")
    assert "REHEARSAL" in page
    assert "Got better" in page  # embeddings were kept, and the data is at hand
    assert (study / "figures" / "histograms.svg").exists()
    assert "ce+variance" in (study / "tables" / "trials.tex").read_text()


def test_everybody_may_read_what_a_study_leaves(study: Path) -> None:
    for path in study.rglob("*"):
        assert path.stat().st_mode & 0o444 == 0o444, path
        assert not path.is_dir() or path.stat().st_mode & 0o111 == 0o111, path


def test_an_adapter_of_the_front_loads(study: Path) -> None:
    for directory in (study / "adapters").iterdir():
        load_adapter(load_clip("tiny"), directory)
        page = (directory / "README.md").read_text(encoding="utf-8")
        assert page.startswith("# DoRA adapter of tiny, rank ")


def test_its_trials_and_their_data_can_be_opened(study: Path) -> None:
    for trial in kept_trials(study):
        assert load_trial(study, trial)[1] is not None
    assert study_dataset(study).name == "pictograms"
