import io
import json
import math
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from gap.errors import UserError
from study.conditions import Condition
from study.front import Direction
from study.ledger import Ledger, check_same_study, epochs_of, open_storage, open_study

OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
GOOD = {"recall_at_1": 40.0, "modality_gap": 0.5}


def ledger(directory: Path, *, owner: str = "me", shared: bool = False) -> Ledger:
    storage = open_storage(directory / "optuna.db")
    return Ledger(open_study(storage, "a", OBJECTIVES), owner=owner, shared=shared)


def begun(record: Ledger) -> int:
    trial = record.ask()
    trial.suggest_int("rank", 1, 8)
    return trial.number


def test_everything_of_an_epoch_is_there_the_moment_it_is_recorded(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    number = begun(record)
    assert record.lacks_epoch(number, 1)
    record.add_epoch(number, 0, {"recall_at_1": 0.1 + 0.2, "loss": math.inf})
    record.add_epoch(number, 1, GOOD)
    assert not record.lacks_epoch(number, 1)
    again = ledger(tmp_path)  # what another process would see
    assert epochs_of(again.trials()[0]) == [
        {"epoch": 0, "recall_at_1": 0.1 + 0.2, "loss": math.inf},
        {"epoch": 1, **GOOD},
    ]
    assert [trial.number for trial in again.running()] == [number]


@pytest.mark.parametrize(
    ("state", "optuna_state", "values"),
    [
        ("COMPLETE", TrialState.COMPLETE, [40.0, 0.5]),
        ("STOPPED", TrialState.PRUNED, None),
        ("FAIL", TrialState.FAIL, None),
    ],
)
def test_only_a_complete_trial_has_values(
    tmp_path: Path, state: str, optuna_state: TrialState, values: list[float] | None
) -> None:
    record = ledger(tmp_path)
    number = begun(record)
    record.add_epoch(number, 1, GOOD)
    record.end(number, state, values=GOOD, about={"note": None, "error": "why"})
    trial = ledger(tmp_path).trials()[0]
    assert (trial.state, trial.values) == (optuna_state, values)
    assert trial.user_attrs["end"] == {"state": state, "place": 1, "note": None, "error": "why"}
    assert epochs_of(trial)[0]["recall_at_1"] == 40.0  # what a stopped trial had is there
    assert len(record.study.best_trials) == (1 if state == "COMPLETE" else 0)
    assert not record.lacks_epoch(number, 2)


@pytest.mark.parametrize("gap", [math.nan, math.inf, -math.inf, None])
def test_a_value_that_is_not_finite_never_reaches_optuna(tmp_path: Path, gap: float | None) -> None:
    record = ledger(tmp_path)
    number = begun(record)
    values: dict[str, Any] = {**GOOD, "modality_gap": gap}
    with pytest.raises(ValueError, match=r"trial 0: expected finite objectives, got \[40.0, "):
        record.end(number, "COMPLETE", values=values, about={})
    record.end(number, "FAIL", values=values, about={"error": "gap is nan"})
    assert record.study.trials[0].state == TrialState.FAIL


def test_constraints_reach_optuna_and_may_be_told_twice(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    conditions = [Condition("recall_at_10", ">=", 70.0)]
    for recall in (60.0, 80.0):
        number = begun(record)
        trial = record.trials()[number]
        if recall == 60.0:  # a process that was killed between the constraint and the values
            record.reopen(trial).set_constraint("recall_at_10 >= 70", 10.0)
        record.end(number, "COMPLETE", values={**GOOD, "recall_at_10": recall}, constraints=conditions, about={})
    assert [trial.constraints for trial in record.trials()] == [
        {"recall_at_10 >= 70": 10.0},
        {"recall_at_10 >= 70": -10.0},
    ]
    assert [trial.number for trial in record.study.best_trials] == [1]


def test_a_trial_is_enqueued_once(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    for _ in range(2):
        record.enqueue("0", {"rank": 3})
        record.enqueue("1", {"rank": 4}, seed=7)
    assert [trial.state for trial in record.trials()] == [TrialState.WAITING] * 2
    assert record.begun() == []
    trial = record.ask()
    assert trial.suggest_int("rank", 1, 8) == 3
    record.enqueue("0", {"rank": 3})
    assert len(record.trials()) == 2
    assert record.trials()[1].user_attrs["seed"] == 7


def test_a_trial_that_nobody_had_signed_is_this_owners_when_alone(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    record.study.ask()  # killed before it was signed
    assert [trial.number for trial in record.running()] == [0]
    assert len(record.begun()) == 1
    others = ledger(tmp_path, shared=True)
    assert others.running() == others.begun() == []


def test_machines_tell_their_own_trials_apart(tmp_path: Path) -> None:
    first, second = ledger(tmp_path, owner="a", shared=True), ledger(tmp_path, owner="b", shared=True)
    numbers = [begun(first), begun(second), begun(first)]
    assert numbers == [0, 1, 2]
    assert [trial.number for trial in first.running()] == [0, 2]
    assert [trial.number for trial in second.running()] == [1]
    assert len(first.begun()) == 3


def test_ended_trials_come_in_the_order_in_which_they_ended(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    numbers = [begun(record) for _ in range(3)]
    for number in reversed(numbers):
        record.end(number, "COMPLETE", values=GOOD, about={})
    assert [trial.number for trial in record.ended()] == [2, 1, 0]


def test_a_study_with_other_objectives_is_another(tmp_path: Path) -> None:
    ledger(tmp_path)
    storage = open_storage(tmp_path / "optuna.db")
    for objectives in ({"recall_at_1": "max"}, {"recall_at_5": "max", "modality_gap": "min"}):
        with pytest.raises(UserError, match="has other objectives"):
            open_study(storage, "a", objectives)  # type: ignore[arg-type]


def test_who_adds_to_a_study_runs_the_same(tmp_path: Path) -> None:
    about = {
        "spec": {"epochs": 3, "trials": 5},
        "data": {"data_hash": "d", "split_hash": "s"},
        "profile": "study",
    }
    check_same_study(ledger(tmp_path), about)
    check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 3, "trials": 9}})  # a budget
    with pytest.raises(UserError, match=r"has spec.epochs 3, this one 4: give another --name"):
        check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 4, "trials": 5}})


def test_a_study_from_before_scaling_is_one_with_scaling_rank(tmp_path: Path) -> None:
    about = {"spec": {"epochs": 3}, "data": {"data_hash": "d", "split_hash": "s"}, "profile": "study"}
    check_same_study(ledger(tmp_path), about)
    check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 3, "scaling": "rank", "last_n": 2}})
    with pytest.raises(UserError, match=r"has spec.scaling 'rank', this one 'rslora': give another --name"):
        check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 3, "scaling": "rslora"}})


def test_a_setting_that_an_earlier_version_did_not_know_had_its_default(tmp_path: Path) -> None:
    about = {"spec": {"epochs": 3}, "data": {"data_hash": "d", "split_hash": "s"}, "profile": "study"}
    check_same_study(ledger(tmp_path), about)
    check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 3, "resize_positions": False, "quick_gelu": None}})
    with pytest.raises(UserError, match=r"has spec.resize_positions False, this one True"):
        check_same_study(ledger(tmp_path), {**about, "spec": {"epochs": 3, "resize_positions": True}})


@pytest.mark.parametrize("url", ["nonsense", "nodialect://host/name", "postgresql://127.0.0.1:1/none"])
def test_a_storage_that_cannot_be_used_is_one_line(url: str) -> None:
    with pytest.raises(UserError, match=r"^--storage: ") as error:
        open_storage(url)
    assert "\n" not in str(error.value)


def test_machines_that_begin_at_once_find_one_storage(tmp_path: Path) -> None:
    at_once = Barrier(6)

    def begin(_: int) -> str:
        at_once.wait()
        return open_study(open_storage(f"sqlite:///{tmp_path}/shared.db"), "a", OBJECTIVES).study_name

    with ThreadPoolExecutor(6) as machines:
        assert list(machines.map(begin, range(6))) == ["a"] * 6


def test_the_dashboard_opens_it(tmp_path: Path) -> None:
    from optuna_dashboard import wsgi

    record = ledger(tmp_path)
    number = begun(record)
    record.add_epoch(number, 1, GOOD)
    record.end(number, "COMPLETE", values=GOOD, about={"error": None})
    stopped = begun(record)
    record.add_epoch(stopped, 1, GOOD)
    record.end(stopped, "STOPPED", values=GOOD, about={"error": None})
    app, status = wsgi(optuna.storages.RDBStorage(f"sqlite:///{tmp_path}/optuna.db")), []

    def get(path: str) -> Any:
        environment = {
            "REQUEST_METHOD": "GET", "PATH_INFO": path, "SERVER_NAME": "localhost", "SERVER_PORT": "80",
            "wsgi.url_scheme": "http", "QUERY_STRING": "after=0", "wsgi.input": io.BytesIO(),
        }  # fmt: skip
        return json.loads(b"".join(app(environment, lambda code, headers, info=None: status.append(code))))

    studies = get("/api/studies")["study_summaries"]
    trials = get(f"/api/studies/{studies[0]['study_id']}")["trials"]
    assert status == ["200 OK"] * 2
    assert [trial["state"] for trial in trials] == ["Complete", "Pruned"]
    assert trials[0]["params"][0]["name"] == "rank"


def test_the_order_of_ends_is_not_the_clocks(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    numbers = [begun(record) for _ in range(3)]
    for number in (2, 0, 1):
        record.end(number, "FAIL", values={}, about={"error": "no"})
    times = {2: 2030, 0: 2020, 1: 2010}  # the clock goes back by ten years after each end
    for year in times.items():
        set_end(tmp_path / "optuna.db", *year)
    assert [trial.number for trial in ledger(tmp_path).ended()] == [2, 0, 1]
    assert numbers == [0, 1, 2]


def test_trials_of_an_earlier_version_come_first_by_their_times(tmp_path: Path) -> None:
    record = ledger(tmp_path)
    old = [begun(record), begun(record)]
    for number in reversed(old):
        record.study.tell(number, state=TrialState.FAIL)
    new = begun(record)
    record.end(new, "FAIL", values={}, about={"error": "no"})
    set_end(tmp_path / "optuna.db", new, 1999)
    assert [trial.number for trial in ledger(tmp_path).ended()] == [1, 0, 2]


def set_end(database: Path, number: int, year: int) -> None:
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(
            "update trials set datetime_complete = ? where number = ?", (f"{year}-01-01 00:00:00.000000", number)
        )
