"""The scheduler by itself; in Ray it is in test_mo_asha_in_ray.py."""

import math
from types import SimpleNamespace
from typing import Any

import pytest
from ray.tune.schedulers import TrialScheduler

from study.naming import trial_id
from study.scheduling.mo_asha import MOASHA, trial_name

GOOD = {"recall_at_1": 50.0, "modality_gap": 0.2}
HOPELESS = {"recall_at_1": 5.0, "modality_gap": 0.9}


def make(**settings: Any) -> MOASHA:
    return MOASHA({"recall_at_1": "max", "modality_gap": "min"}, max_epochs=9, **settings)


def decide(scheduler: MOASHA, number: int, result: dict[str, Any], **config: Any) -> str:
    trial = SimpleNamespace(config={"number": number, **config})
    return scheduler.on_trial_result(None, trial, result)


def test_the_hopeless_stop_at_a_rung_and_only_there() -> None:
    scheduler = make()
    assert decide(scheduler, 0, {"epoch": 1, **GOOD}) == TrialScheduler.CONTINUE
    assert decide(scheduler, 1, {"epoch": 0, **HOPELESS}) == TrialScheduler.CONTINUE
    assert decide(scheduler, 1, {"epoch": 1, **HOPELESS}) == TrialScheduler.STOP
    assert decide(scheduler, 2, {"epoch": 2, **HOPELESS}) == TrialScheduler.CONTINUE
    assert scheduler.stopped == {"t001": 1}
    assert scheduler.rungs.records == {1: {"t000": (50.0, 0.2), "t001": (5.0, 0.9)}, 3: {}}
    assert scheduler.debug_string() == "Using MO-ASHA. Trials at its rungs: epoch 1: 2, epoch 3: 0."


def test_a_spared_trial_is_recorded_and_goes_on() -> None:
    scheduler = make()
    decide(scheduler, 0, {"epoch": 1, **GOOD})
    assert decide(scheduler, 1, {"epoch": 1, **HOPELESS}, spared=True) == TrialScheduler.CONTINUE
    assert list(scheduler.rungs.records[1]) == ["t000", "t001"]
    assert scheduler.stopped == {}
    assert decide(scheduler, 2, {"epoch": 1, **HOPELESS}, spared=False) == TrialScheduler.STOP


@pytest.mark.parametrize(
    "result",
    [
        {"epoch": 1, "recall_at_1": 5.0},
        {"epoch": 1, "recall_at_1": 5.0, "modality_gap": None},
        {"epoch": 1, "recall_at_1": math.nan, "modality_gap": 0.9},
        {"epoch": 1, "recall_at_1": 5.0, "modality_gap": math.inf},
        {"epoch": 1, **HOPELESS, "failure": "loss is not finite"},
        {"failure": "out of memory"},
    ],
)
def test_what_failed_or_is_not_finite_is_not_its_business(result: dict[str, Any]) -> None:
    scheduler = make()
    decide(scheduler, 0, {"epoch": 1, **GOOD})
    assert decide(scheduler, 1, result) == TrialScheduler.CONTINUE
    assert list(scheduler.rungs.records[1]) == ["t000"]


def test_trials_that_ended_earlier_count_and_one_that_runs_again_keeps_its_record() -> None:
    scheduler, undisturbed = make(), make()
    for number, values in enumerate([GOOD, HOPELESS]):
        for epoch in range(4):
            decide(undisturbed, number, {"epoch": epoch, **values})
        scheduler.preload(trial_name({"number": number}), {epoch: list(values.values()) for epoch in range(4)})
    assert scheduler.rungs.records == undisturbed.rungs.records
    assert decide(scheduler, 0, {"epoch": 1, **HOPELESS}) == TrialScheduler.CONTINUE
    assert scheduler.rungs.records == undisturbed.rungs.records
    assert decide(scheduler, 2, {"epoch": 1, **HOPELESS}) == TrialScheduler.STOP


def test_a_trial_has_its_name_in_the_study() -> None:
    assert trial_name({"number": 7}) == trial_id(7)
    assert trial_name({"number": 1234}) == trial_id(1234)


def test_settings_reach_the_rungs() -> None:
    assert make(reduction_factor=2.0, grace_epochs=2).rungs.levels == (2, 4, 8)
    with pytest.raises(ValueError, match="expected a finite reduction_factor > 1, got 1"):
        make(reduction_factor=1)
