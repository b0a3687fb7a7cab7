import json
from pathlib import Path
from typing import Any

import pytest
from ray.train._internal.session import _TrainingResult
from ray.tune import Checkpoint
from ray.tune.experiment import Trial

from study.ending import Ending
from study.guarded import Guarded
from study.signals import Signals
from study.stopping import TimeLimit


class Recording:
    """A recorder that fails when it is told to."""

    def __init__(self, fails_at: str) -> None:
        self.calls: list[str] = []
        self.fails_at = fails_at

    def __getattr__(self, name: str) -> Any:
        def call(**info: Any) -> None:
            self.calls.append(name)
            if name == self.fails_at:
                raise OSError(28, "No space left on device", "trials.csv")

        return call


CALLS = ["on_trial_start", "on_trial_result", "on_trial_complete"]


def reported(directory: Path) -> Trial:
    """One of Ray's trials that has reported an epoch and a checkpoint."""
    trial = Trial("a", stub=True)
    result = {"loss": 1.0, "training_iteration": 1}
    trial.update_last_result(result)
    saved = _TrainingResult(checkpoint=Checkpoint.from_directory(directory), metrics=dict(result))
    trial.run_metadata.checkpoint_manager.register_checkpoint(saved)
    return trial


def run(fails_at: str, trial: Trial) -> tuple[Recording, Ending]:
    recorder = Recording(fails_at)
    ending = Ending(Signals(), TimeLimit(None), print)
    guarded = Guarded(recorder, ending)  # type: ignore[arg-type]
    for name in CALLS:
        getattr(guarded, name)(iteration=0, trials=[], trial=trial)
    return recorder, ending


def test_every_call_reaches_the_recorder(tmp_path: Path) -> None:
    recorder, ending = run("none", reported(tmp_path))
    assert (recorder.calls, ending.fault, ending.stop_all()) == (CALLS, None, False)


@pytest.mark.parametrize("fails_at", CALLS)
def test_after_a_fault_nothing_more_is_recorded_and_the_study_ends(fails_at: str, tmp_path: Path) -> None:
    recorder, ending = run(fails_at, reported(tmp_path))
    assert recorder.calls == CALLS[: CALLS.index(fails_at) + 1]
    assert isinstance(ending.fault, OSError)
    assert ending.stop_all()


def test_ray_pickles_nothing_of_it() -> None:
    guarded = Guarded(Recording("none"), Ending(Signals(), TimeLimit(None), print))  # type: ignore[arg-type]
    assert guarded.__getstate__() == {}


@pytest.mark.parametrize("call", ["on_trial_complete", "on_trial_error"])
def test_ray_forgets_what_an_ended_trial_had_reported(call: str, tmp_path: Path) -> None:
    trial = reported(tmp_path)
    assert "1.0" in trial.get_json_state()[1]
    getattr(Guarded(Recording("none"), Ending(Signals(), TimeLimit(None), print)), call)(trial=trial)  # type: ignore[arg-type]
    state = json.loads(trial.get_json_state()[1])
    assert (state["last_result"], state["metric_analysis"], state["metric_n_steps"]) == ({}, {}, {})
    assert [saved.metrics for saved in trial.run_metadata.checkpoint_manager.best_checkpoint_results] == [{}]
