from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.trainable.metadata import _TrainingRunMetadata

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


class Ended(SimpleNamespace):
    """What a trial is for the guard."""

    def __init__(self) -> None:
        self.trial_id = "a"
        self.run_metadata = SimpleNamespace(
            metric_analysis={"loss": {}}, metric_n_steps={"loss": {}}, last_result={1: 2}
        )


def run(fails_at: str) -> tuple[Recording, Ending]:
    recorder = Recording(fails_at)
    ending = Ending(Signals(), TimeLimit(None), print)
    guarded = Guarded(recorder, ending)  # type: ignore[arg-type]
    for name in CALLS:
        getattr(guarded, name)(iteration=0, trials=[], trial=Ended())
    return recorder, ending


def test_every_call_reaches_the_recorder() -> None:
    recorder, ending = run("none")
    assert (recorder.calls, ending.fault, ending.stop_all()) == (CALLS, None, False)


@pytest.mark.parametrize("fails_at", CALLS)
def test_after_a_fault_nothing_more_is_recorded_and_the_study_ends(fails_at: str) -> None:
    recorder, ending = run(fails_at)
    assert recorder.calls == CALLS[: CALLS.index(fails_at) + 1]
    assert isinstance(ending.fault, OSError)
    assert ending.stop_all()


def test_ray_pickles_nothing_of_it() -> None:
    guarded = Guarded(Recording("none"), Ending(Signals(), TimeLimit(None), print))  # type: ignore[arg-type]
    assert guarded.__getstate__() == {}


@pytest.mark.parametrize("call", ["on_trial_complete", "on_trial_error"])
def test_ray_forgets_what_an_ended_trial_reported(call: str) -> None:
    guarded = Guarded(Recording("none"), Ending(Signals(), TimeLimit(None), print))  # type: ignore[arg-type]
    trial = Ended()
    getattr(guarded, call)(iteration=0, trials=[], trial=trial)
    assert vars(trial.run_metadata) == {"metric_analysis": {}, "metric_n_steps": {}, "last_result": {}}


def test_rays_trials_have_what_is_forgotten() -> None:
    metadata = _TrainingRunMetadata()
    assert {"metric_analysis", "metric_n_steps", "last_result"} <= set(vars(metadata))
