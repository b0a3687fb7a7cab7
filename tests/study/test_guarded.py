from types import SimpleNamespace
from typing import Any

import pytest

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


def run(fails_at: str) -> tuple[Recording, Ending]:
    recorder = Recording(fails_at)
    ending = Ending(Signals(), TimeLimit(None), print)
    guarded = Guarded(recorder, ending)  # type: ignore[arg-type]
    for name in CALLS:
        getattr(guarded, name)(iteration=0, trials=[], trial=SimpleNamespace(trial_id="a"))
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
