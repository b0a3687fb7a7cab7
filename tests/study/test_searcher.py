import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
from ray import cloudpickle
from ray.tune.search import Searcher

from study.conditions import Condition
from study.distributions import Choices, Dimension, Range
from study.front import Direction
from study.ledger import Ledger, open_storage, open_study
from study.policy import SamplerChoice
from study.samplers import SAMPLERS
from study.searcher import StudySearch, defaults

SEARCH: dict[str, Dimension] = {
    "beta": Range(low=-2, high=2, default=1.0, when=("variance",)),
    "terms": Choices(choices=("ce", "ce+variance"), default="ce"),
    "rank": Range(type="int", low=4, high=16, step=4, default=8),
    "lr": Range(low=1e-6, high=1e-3, log=True),
}
OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
OPTIONS: dict[str, dict[str, Any]] = {
    "tpe": {"n_startup_trials": 3},
    "nsga2": {"population_size": 4},
    "nsga3": {"population_size": 4},
    "gp": {"n_startup_trials": 3},
}


def record(path: Path, objectives: dict[str, Direction] = OBJECTIVES) -> Ledger:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return Ledger(open_study(open_storage(path), "a", objectives), owner="me")


def searcher(
    ledger: Ledger,
    *,
    seed: int = 0,
    sampler: str = "tpe",
    why_end: Callable[[], str | None] = lambda: None,
    search: dict[str, Dimension] = SEARCH,
) -> StudySearch:
    return StudySearch(
        ledger,
        sampler=SamplerChoice(name=sampler, options=OPTIONS.get(sampler, {})),
        seed=seed,
        search=search,
        fixed={"batch_size": 90},
        why_end=why_end,
        checkpoints=lambda number: [f"checkpoint of {number}"],
    )


def values_of(config: dict[str, Any]) -> dict[str, float]:
    """A made objective of what was proposed: the same proposal, the same values."""
    return {
        "recall_at_1": 50 - config["rank"] + config.get("beta", 0.0) + config["lr"] * 1e3,
        "modality_gap": 1 / config["rank"],
        "seconds": float(config["rank"]),
    }


def proposals(ledger: Ledger, search: StudySearch, trials: int) -> list[dict[str, Any]]:
    found = []
    for i in range(trials):
        config = search.suggest(str(i))
        assert isinstance(config, dict)
        found.append(config)
        ledger.end(config["number"], "COMPLETE", values=values_of(config), about={})
    return found


def test_queued_trials_come_first_with_defaults_and_only_what_they_use(tmp_path: Path) -> None:
    ledger = record(tmp_path / "a.db")
    ledger.enqueue("0", {**defaults(SEARCH), "terms": "ce"})
    ledger.enqueue("1", {**defaults(SEARCH), "terms": "ce+variance", "beta": -1.0}, seed=5)
    search = searcher(ledger)
    first, second, third = (search.suggest(name) for name in "abc")
    assert isinstance(first, dict)
    assert isinstance(second, dict)
    assert isinstance(third, dict)
    assert first.pop("lr") != second.pop("lr")  # without a default, the sampler's
    assert first == {
        "batch_size": 90, "terms": "ce", "rank": 8, "number": 0, "spared": True, "checkpoints": ["checkpoint of 0"],
    }  # fmt: skip
    assert second == {
        "batch_size": 90, "terms": "ce+variance", "beta": -1.0, "rank": 8, "number": 1, "seed": 5, "spared": True,
        "checkpoints": ["checkpoint of 1"],
    }  # fmt: skip
    assert third["spared"] is False


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - {"grid"}))
def test_a_seed_decides_the_sequence_for_every_sampler(tmp_path: Path, sampler: str) -> None:
    runs = []
    for i, seed in enumerate((1, 1, 2)):
        ledger = record(tmp_path / f"{i}.db")
        runs.append(proposals(ledger, searcher(ledger, seed=seed, sampler=sampler), 9))
    assert runs[0] == runs[1] != runs[2]
    assert len({config["lr"] for config in runs[0]}) > 3  # trials do not repeat each other


@pytest.mark.parametrize(
    "sampler", ["tpe", "nsga2", "nsga3", "random"]
)  # not gp: it takes the half-asked trial for another
@pytest.mark.parametrize("asked", [0, 2])
def test_a_process_that_is_killed_while_it_proposes_leaves_the_sequence_as_it_was(
    tmp_path: Path, sampler: str, asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = record(tmp_path / "whole.db")
    expected = proposals(whole, searcher(whole, sampler=sampler), 8)
    killed = record(tmp_path / "killed.db")
    proposals(killed, searcher(killed, sampler=sampler), 6)

    class Killed(BaseException):
        pass

    calls = []

    def suggest_then_die(self: StudySearch, number: int, name: str) -> optuna.samplers.BaseSampler:
        calls.append(name)
        if len(calls) == asked + 3:  # before asking, for the trial, then for each of its parameters
            raise Killed
        return real(self, number, name)

    real = StudySearch._sampler_for
    monkeypatch.setattr(StudySearch, "_sampler_for", suggest_then_die)
    with pytest.raises(Killed):
        searcher(killed, sampler=sampler).suggest("x")
    monkeypatch.setattr(StudySearch, "_sampler_for", real)
    assert len(killed.running()) == 1
    again = searcher(record(tmp_path / "killed.db"), sampler=sampler)
    got = proposals(killed, again, 2)
    assert got == expected[6:]


def test_trials_left_running_come_before_any_other(tmp_path: Path) -> None:
    ledger = record(tmp_path / "a.db")
    first = searcher(ledger).suggest("a")
    ledger.enqueue("0", {"rank": 4})
    again = searcher(ledger, why_end=lambda: "enough")
    assert again.suggest("b") == first
    assert again.suggest("c") == Searcher.FINISHED
    assert again.reason == "enough"


def test_the_grid_is_its_queue(tmp_path: Path) -> None:
    ledger = record(tmp_path / "a.db")
    ledger.enqueue("0", {"rank": 4})
    search = searcher(ledger, sampler="grid", search={"rank": SEARCH["rank"]})
    config = search.suggest("a")
    assert isinstance(config, dict)
    assert (config["rank"], config["spared"]) == (4, False)
    assert search.suggest("b") == Searcher.FINISHED
    assert search.reason == "every point of the grid has been tried"


@pytest.mark.parametrize("sampler", sorted(set(SAMPLERS) - {"grid"}))
def test_every_sampler_takes_three_objectives_constraints_and_stopped_trials(tmp_path: Path, sampler: str) -> None:
    ledger = record(tmp_path / "a.db", {**OBJECTIVES, "seconds": "min"})
    search = searcher(ledger, sampler=sampler)
    conditions = [Condition("recall_at_1", ">=", 40.0)]
    for i in range(10):
        config = search.suggest(str(i))
        assert isinstance(config, dict)
        state = ("COMPLETE", "STOPPED", "FAIL")[i % 3] if i > 4 else "COMPLETE"
        ledger.end(config["number"], state, values=values_of(config), constraints=conditions, about={})
    feasible = {trial.number for trial in ledger.study.best_trials}
    assert all(ledger.trials()[number].constraints["recall_at_1 >= 40"] <= 0 for number in feasible)


def test_constraints_change_what_is_proposed(tmp_path: Path) -> None:
    ranks = []
    for conditions in ([], [Condition("modality_gap", ">=", 0.2)]):  # only rank 4 satisfies it
        ledger = record(tmp_path / f"{len(conditions)}.db")
        search = searcher(ledger, seed=3, search={"rank": SEARCH["rank"]})
        for i in range(25):
            config = search.suggest(str(i))
            assert isinstance(config, dict)
            values = {"recall_at_1": float(config["rank"]), "modality_gap": 1 / config["rank"]}
            ledger.end(config["number"], "COMPLETE", values=values, constraints=conditions, about={})
        ranks.append([trial.params["rank"] for trial in ledger.trials()][10:].count(4))
    assert ranks[1] > ranks[0]


def test_ray_may_pickle_it_whatever_it_looks_at(tmp_path: Path) -> None:
    lock = threading.Lock()  # as an open file of TensorBoard's has
    search = searcher(record(tmp_path / "a.db"), why_end=lambda: None if lock.locked() else "over")
    assert cloudpickle.loads(cloudpickle.dumps(search)).__class__ is StudySearch


def test_ray_may_save_and_restore_it(tmp_path: Path) -> None:
    search = searcher(record(tmp_path / "a.db"))
    search.save(str(tmp_path / "state"))
    search.restore(str(tmp_path / "state"))


def test_a_trial_whose_process_died_before_it_began_is_handed_out_again(tmp_path: Path) -> None:
    ledger, unstarted = record(tmp_path / "a.db"), deque[int]()
    search = StudySearch(
        ledger,
        sampler=SamplerChoice(name="tpe"),
        seed=0,
        search=SEARCH,
        fixed={"batch_size": 90},
        why_end=lambda: None,
        unstarted=unstarted,
    )
    first = search.suggest("a")
    unstarted.append(0)
    assert search.suggest("b") == first
    assert search.suggest("c")["number"] == 1  # type: ignore[index]
