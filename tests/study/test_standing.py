from typing import Any

import pytest

from study.front import Direction
from study.standing import Running, Standing, seconds_left

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
FRONT = {"t000": {"recall_at_1": 60.0, "modality_gap": 0.9}, "t003": {"recall_at_1": 40.0, "modality_gap": 0.2}}


def ended(state: str, epochs: int, seconds: float = 0.0) -> dict[str, Any]:
    return {"state": state, "epoch": epochs, "last_epoch": epochs, "seconds": seconds, "error": "loss is nan"}


def left(done: list[dict[str, Any]], running: list[Running], coming: int, at_once: int = 1, now: float = 0.0) -> Any:
    return seconds_left(done, running, coming=coming, epochs=10, at_once=at_once, now=now)


def test_nothing_is_said_of_time_before_an_epoch_is_measured() -> None:
    assert left([], [], 4) is None
    assert left([ended("FAIL", 0)], [Running({}, 0.0, 0, {"seconds": 3.0})], 4) is None
    text = Standing(GOALS, epochs=10, total=4, running={"t000": Running({}, 0.0)}).time_left(99.0)
    assert text == "time left not known before an epoch has been measured"


def test_trials_to_come_are_as_long_as_those_that_ended() -> None:
    assert left([ended("COMPLETE", 10, 100.0)], [], 3) == 300
    assert left([ended("COMPLETE", 10, 100.0), ended("STOPPED", 2, 20.0)], [], 3) == pytest.approx(3 * 6 * 10)


def test_a_failure_measures_time_but_is_no_example_of_a_trial() -> None:
    assert left([ended("FAIL", 1, 10.0)], [], 3) == 300


def test_a_trial_that_runs_is_taken_to_run_to_its_end() -> None:
    half = Running({}, since=50.0, epoch=5, values={"seconds": 50.0})
    assert left([], [half], 0, now=50.0) == 50
    assert left([], [half], 0, now=60.0) == 40
    assert left([], [half], 0, now=999.0) == 0
    assert left([ended("STOPPED", 2, 20.0)], [half], 1, now=50.0) == 50 + 20


def test_several_trials_at_once_share_the_work_but_none_ends_before_itself() -> None:
    pair = [Running({}, 0.0, epoch, {"seconds": 10.0 * epoch}) for epoch in (2, 8)]
    assert left([], pair, 2, at_once=2) == (80 + 20 + 200) / 2
    assert left([], pair, 0, at_once=2) == 80


def test_a_limit_that_comes_first_is_told() -> None:
    standing = Standing(GOALS, epochs=10, total=2, ended={"t000": ended("COMPLETE", 10, 1000.0)}, ends=300.0)
    assert standing.time_left(0.0) == "about 17 min left, of which 5 min until time is up"
    standing.ends = 2000.0
    assert standing.time_left(0.0) == "about 17 min left"


def test_what_comes_afterwards_is_told() -> None:
    standing = Standing(GOALS, epochs=1, total=1, afterwards="re-runs of the front")
    standing.ended["t000"] = ended("COMPLETE", 1, 1.0)
    assert standing.time_left(0.0) == "nothing left, then re-runs of the front"


def test_the_count_tells_how_trials_ended() -> None:
    standing = Standing(GOALS, epochs=10, total=20)
    assert standing.count() == "0 of 20 trials done"
    standing.ended = {"t000": ended("COMPLETE", 10), "t001": ended("STOPPED", 2), "t002": ended("FAIL", 0)}
    standing.running = {"t003": Running({}, 0.0), "t004": Running({}, 0.0)}
    assert standing.count() == "3 of 20 trials done (1 stopped early, 1 failed), 2 running"
    assert standing.failures == {"t002": "loss is nan"}
    assert standing.share == pytest.approx(3 / 20)
    standing.running["t003"].epoch = 5
    assert standing.share == pytest.approx(3.5 / 20)


@pytest.mark.parametrize("goals", [GOALS, {"modality_gap": "min"}, {**GOALS, "uniformity": "min"}])
def test_every_objective_has_its_best_trial(goals: dict[str, Direction]) -> None:
    front = {trial: {**values, "uniformity": -values["modality_gap"]} for trial, values in FRONT.items()}
    standing = Standing(goals, epochs=1, total=2, front=front)
    best = {"recall_at_1": "t000", "modality_gap": "t003", "uniformity": "t000"}
    assert standing.extremes() == {name: best[name] for name in goals}


def test_the_best_are_told_with_their_other_objectives() -> None:
    assert Standing(GOALS, epochs=1, total=2).best() == []
    assert Standing(GOALS, epochs=1, total=2, front=FRONT).best() == [
        "best recall_at_1 t000: recall_at_1 60, modality_gap 0.9",
        "best modality_gap t003: modality_gap 0.2, recall_at_1 40",
    ]
