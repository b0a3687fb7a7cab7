import pytest

from study import stopping
from study.stopping import TimeLimit, enough_trials, no_growth, too_many_failures


def test_a_budget_of_trials() -> None:
    assert enough_trials(19, 20) is None
    assert enough_trials(20, 20) == enough_trials(20, 20) == "all 20 trials have run"
    assert enough_trials(25, 20) is not None


def test_a_plateau_needs_patience() -> None:
    growing = [0.0, 1.0, 1.0, 2.0]
    assert no_growth(growing, None) is None
    assert no_growth([*growing, 2.0], 2) is None
    assert no_growth([*growing, 2.0, 2.0], 2) == "the front has not grown for 2 trials"
    assert no_growth([0.0, 0.0], 2) is None  # too early to tell
    assert no_growth([], 1) is None


def test_a_share_of_failures() -> None:
    assert too_many_failures(["FAIL"] * 3, 0.5) is None
    assert too_many_failures(["FAIL", "FAIL", "COMPLETE", "STOPPED"], 0.5) is None
    assert too_many_failures(["FAIL"] * 3 + ["COMPLETE"], 0.5) == (
        "3 of 4 trials failed, more than max_failed_share 0.5"
    )
    assert too_many_failures(["FAIL"] * 9, 1.0) is None


def test_time_runs_from_the_start_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(stopping.time, "monotonic", lambda: now[0])
    limit, none = TimeLimit(0.5), TimeLimit(None)
    now[0] += 1799
    assert (limit.stop_all(), limit.over) == (False, False)
    now[0] += 1
    assert (limit.stop_all(), limit.over) == (True, True)
    assert limit("a", {}) is False  # no single trial is stopped
    assert none.stop_all() is False
