from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gap.errors import UnavailableError
from study.checkpoints import Checkpoints, keep_adapter, prune_adapters
from study.ledger import Ledger, open_storage, open_study
from study.recorder import Recorder, reason
from study.space_file import load_space
from study.tables import Tables, is_value, parameters

SPACE = """\
dataset: pictograms
objective_epoch: {recall_at_1: 1, modality_gap: -10}
search:
  terms: {choices: [ce, ce+variance]}
  beta: {low: -1, high: 1, default: 1, when: variance}
"""


@pytest.fixture
def spec(tmp_path: Path) -> Any:
    path = tmp_path / "s.yaml"
    path.write_text(SPACE)
    return load_space(path)


def test_a_parameter_without_use_is_empty(spec: Any) -> None:
    config = {"terms": "ce", "beta": 0.5, "rank": 8, "seed": 0, "weights": {}, "number": 0}
    assert parameters(spec, config) == {"terms": "ce", "beta": None, "rank": 8}
    assert parameters(spec, {**config, "terms": "ce+variance"})["beta"] == 0.5


def test_own_numbers_are_told_from_rays() -> None:
    names = ("recall_at_1", "term_ce", "last_lr", "time_total_s", "pid", "done", "note")
    assert [is_value(name) for name in names] == [True] * 3 + [False] * 4


def test_a_row_holds_the_epoch_that_counts_and_the_best_first_objective(spec: Any, tmp_path: Path) -> None:
    ledger = Ledger(open_study(open_storage(tmp_path / "a.db"), "a", spec.objectives), owner="me")
    trial = ledger.ask()
    trial.suggest_categorical("terms", ("ce", "ce+variance"))
    for epoch, (recall, gap) in enumerate([(9.0, 0.1), (40.0, 0.1), (45.0, 0.9), (45.0, 0.95)]):
        ledger.add_epoch(0, epoch, {"recall_at_1": recall, "modality_gap": gap})
    tables = Tables(spec, profile="study", fixed={"terms": "ce", "beta": 1.0})
    assert tables.trials(ledger.trials()) == []
    assert [row["state"] for row in tables.epochs(ledger.trials())] == ["RUNNING"] * 4
    ledger.end(0, "STOPPED", values={}, about={"note": "n", "error": None})
    (row,) = tables.trials(ledger.trials())
    assert (row["epoch"], row["recall_at_1"], row["modality_gap"]) == (1, 40.0, 0.1)
    assert (row["best_epoch"], row["best_recall_at_1"], row["best_modality_gap"]) == (2, 45.0, 0.9)
    assert (row["last_epoch"], row["state"], row["note"], row["trial_id"]) == (3, "STOPPED", "n", "t000")


def test_a_trial_that_never_reported_has_a_row_too(spec: Any, tmp_path: Path) -> None:
    ledger = Ledger(open_study(open_storage(tmp_path / "a.db"), "a", spec.objectives), owner="me")
    ledger.ask()
    ledger.end(0, "FAIL", values={}, about={"note": None, "error": "no such file"})
    (row,) = Tables(spec, profile="study", fixed={"terms": "ce"}).trials(ledger.trials())
    assert (row["state"], row["epoch"], row["error"], row["terms"]) == ("FAIL", 0, "no such file", "ce")


def test_a_reason_is_one_line() -> None:
    error = RuntimeError("ray::run_trial() (pid=1)\n  File ...\nOSError: the disk is full\n")
    assert reason(SimpleNamespace(get_error=lambda: error)) == "OSError: the disk is full"  # type: ignore[arg-type]
    assert reason(SimpleNamespace(get_error=lambda: None)) == "its process died before it began"  # type: ignore[arg-type]
    assert reason(SimpleNamespace(get_error=lambda: ValueError())) == "ValueError"  # type: ignore[arg-type]


def test_only_what_is_to_be_kept_keeps_its_adapters(tmp_path: Path) -> None:
    prune_adapters(tmp_path / "none", {"t000"})
    for name in ("t000", "t001", ".t002.part"):
        (tmp_path / name).mkdir()
    prune_adapters(tmp_path, {"t001"})
    assert [path.name for path in tmp_path.iterdir()] == ["t001"]


def test_an_adapter_is_copied_whole_over_an_older_one(tmp_path: Path) -> None:
    for text in ("old", "new"):
        (tmp_path / "checkpoint" / "adapter").mkdir(parents=True, exist_ok=True)
        (tmp_path / "checkpoint" / "adapter" / "w").write_text(text)
        (tmp_path / "adapters" / ".t000.part" / "left").mkdir(parents=True, exist_ok=True)  # by a killed process
        keep_adapter(tmp_path / "checkpoint", tmp_path / "adapters" / "t000")
    assert [path.name for path in (tmp_path / "adapters").iterdir()] == ["t000"]
    assert (tmp_path / "adapters" / "t000" / "w").read_text() == "new"


def test_checkpoints_are_listed_newest_first_and_swept(tmp_path: Path) -> None:
    storage = Checkpoints(str(tmp_path / "ray"))
    assert (storage.new_leg(), storage.of("t000")) == ("leg-001", [])
    for leg, number in ((1, 0), (1, 1), (2, 0)):
        (tmp_path / "ray" / f"leg-{leg:03d}" / "t000" / f"checkpoint_{number:06d}").mkdir(parents=True)
    (tmp_path / "ray" / "leg-001" / "t001" / "checkpoint_000000").mkdir(parents=True)
    found = [path.removeprefix(f"{tmp_path}/ray/") for path in storage.of("t000")]
    assert found == [
        f"leg-{leg}/t000/checkpoint_{n}" for leg, n in (("002", "000000"), ("001", "000001"), ("001", "000000"))
    ]
    assert storage.new_leg() == "leg-003"
    (tmp_path / "ray" / "leg-002" / "t000_3868" / "checkpoint_000000").mkdir(parents=True)  # begun twice in a leg
    assert storage.of("t000")[0] == f"{tmp_path}/ray/leg-002/t000_3868/checkpoint_000000"
    storage.drop("t000")
    storage.drop("t009")
    assert storage.of("t000") == []
    storage.sweep()
    assert [path.name for path in (tmp_path / "ray").iterdir()] == ["leg-001"]


@pytest.mark.parametrize("kind", [RuntimeError, str])
@pytest.mark.parametrize("call", ["on_trial_result", "on_trial_error"])
def test_what_the_machine_does_to_a_trial_is_not_recorded_of_the_trial(call: str, kind: Any, tmp_path: Path) -> None:
    recorder = object.__new__(Recorder)  # nothing of it is to be touched
    recorder._directory, recorder._prefix = tmp_path, "t"
    error = kind("ray::run_trial()\nOSError: [Errno 28] No space left on device")
    trial = SimpleNamespace(config={"number": 0}, get_error=lambda: error)
    more = {"result": {"fault": "the data are gone"}} if call == "on_trial_result" else {}
    with pytest.raises(UnavailableError, match=r"^(the data are gone|no space left on the disk of .*)$"):
        getattr(recorder, call)(0, [], trial, **more)
