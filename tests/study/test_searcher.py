import math
from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from study.distributions import Choices, Dimension, Range
from study.front import Direction
from study.searcher import StudySearch, create_study

SEARCH: dict[str, Dimension] = {
    "beta": Range(low=-2, high=2, default=1.0, when=("variance",)),
    "terms": Choices(choices=("ce", "ce+variance"), default="ce"),
    "rank": Range(type="int", low=4, high=16, step=4, default=8),
    "lr": Range(low=1e-6, high=1e-3, log=True),
}
OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}


def searcher(directory: Path, *, seed: int = 0) -> StudySearch:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = create_study(
        directory / f"{seed}-{len(list(directory.iterdir()))}.db",
        name="a",
        objectives=OBJECTIVES,
        seed=seed,
        search=SEARCH,
        enqueue=({"terms": "ce"}, {"terms": "ce+variance", "beta": -1.0}),
    )
    return StudySearch(study, objectives=OBJECTIVES, search=SEARCH, fixed={"batch_size": 90})


def test_queued_trials_come_first_with_defaults_and_only_what_they_use(tmp_path: Path) -> None:
    search = searcher(tmp_path)
    first, second = search.suggest("a"), search.suggest("b")
    assert first.pop("lr") != second.pop("lr")  # without a default, the sampler's
    assert first == {"batch_size": 90, "terms": "ce", "rank": 8, "number": 0}
    assert second == {"batch_size": 90, "terms": "ce+variance", "beta": -1.0, "rank": 8, "number": 1}


def test_asking_twice_for_one_trial_gives_one_answer(tmp_path: Path) -> None:
    search = searcher(tmp_path)
    assert search.suggest("a") == search.suggest("a")
    assert len(search._ot_study.trials) == 3 - 1


def test_a_seed_decides_the_sequence(tmp_path: Path) -> None:
    def sequence(seed: int) -> list[dict[str, Any]]:
        search = searcher(tmp_path, seed=seed)
        points = []
        for i in range(14):
            points.append(search.suggest(str(i)))
            search.on_trial_complete(str(i), {"recall_at_1": float(i), "modality_gap": 1 / (i + 1)})
        return points

    assert sequence(1) == sequence(1)
    assert sequence(1) != sequence(2)


@pytest.mark.parametrize("gap", [math.nan, math.inf, None])
def test_objectives_that_are_missing_or_not_finite_fail_the_trial(tmp_path: Path, gap: float | None) -> None:
    search = searcher(tmp_path)
    for name in ("a", "b"):
        search.suggest(name)
    search.on_trial_complete("a", {"recall_at_1": 99.0, "modality_gap": gap})
    search.on_trial_complete("b", {"recall_at_1": 10.0, "modality_gap": 0.5})
    assert [trial.state for trial in search._ot_study.trials] == [TrialState.FAIL, TrialState.COMPLETE]
    assert [trial.number for trial in search._ot_study.best_trials] == [1]


def test_an_error_fails_the_trial_whatever_it_reported(tmp_path: Path) -> None:
    search = searcher(tmp_path)
    search.suggest("a")
    search.on_trial_complete("a", {"recall_at_1": 99.0, "modality_gap": 0.1}, error=True)
    assert search._ot_study.trials[0].state == TrialState.FAIL
