"""The search: Optuna proposes, Ray Tune asks.

What is proposed is written to the record before Ray sees it. Trials that an earlier process left running come first,
each with the checkpoint that it goes on from; then the queue; then whatever the sampler proposes. Dimensions that a
trial has no use for are not proposed, so that the sampler never learns from noise.
"""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import TrialState
from ray.tune.search import Searcher

from study.distributions import Choices, Dimension
from study.ledger import ENQUEUED, Ledger
from study.policy import SamplerChoice
from study.samplers import make_sampler, seed_of


def defaults(search: Mapping[str, Dimension]) -> dict[str, Any]:
    """Give the default of every dimension that has one."""
    return {name: dimension.default for name, dimension in search.items() if dimension.default is not None}


def first_parameters(search: Mapping[str, Dimension], enqueue: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the searched parameters of the first trial, as far as they are known before it is asked for."""
    return {**defaults(search), **(enqueue[0] if enqueue else {})}


def suggest(
    trial: optuna.Trial,
    search: Mapping[str, Dimension],
    terms: str,
    before: Callable[[str], None] = lambda name: None,
) -> dict[str, Any]:
    """Ask Optuna for every dimension that the trial has a use for; ``terms`` stands where none are searched.

    ``before`` is called with each dimension's name before it is asked for.
    """
    chosen: dict[str, Any] = {}
    if "terms" in search:
        before("terms")
        terms = chosen["terms"] = _suggest_one(trial, "terms", search["terms"])
    for name, dimension in search.items():
        if name != "terms" and dimension.applies(terms):
            before(name)
            chosen[name] = _suggest_one(trial, name, dimension)
    return chosen


def _suggest_one(trial: optuna.Trial, name: str, dimension: Dimension) -> Any:
    if isinstance(dimension, Choices):
        return trial.suggest_categorical(name, dimension.choices)
    distribution = dimension.distribution()
    if isinstance(distribution, optuna.distributions.IntDistribution):
        return trial.suggest_int(
            name, distribution.low, distribution.high, step=distribution.step, log=distribution.log
        )
    return trial.suggest_float(name, distribution.low, distribution.high, step=distribution.step, log=distribution.log)


class StudySearch(Searcher):  # type: ignore[misc]
    """Ray's searcher on the record of a study.

    ``why_end`` gives the reason why no further trial begins, None while there is none; ``ending`` says that a study is
    interrupted, so that none begins for no reason of its own; ``checkpoints`` gives where a trial may go on from, best
    first; ``unstarted`` holds trials that are to be handed out again. A configuration is the ``fixed`` settings and the
    proposed ones, the ``number`` of the trial, its ``checkpoints``, and ``spared``, which says that it was in the queue
    and is not stopped early.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        sampler: SamplerChoice,
        seed: int,
        search: Mapping[str, Dimension],
        fixed: Mapping[str, Any],
        why_end: Callable[[], str | None],
        checkpoints: Callable[[int], list[str]] = lambda number: [],
        unstarted: deque[int] | None = None,
        ending: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__(metric=None, mode=None)
        self._ledger = ledger
        self._sampler = sampler
        self._seed = seed
        self._search = dict(search)
        self._fixed = dict(fixed)
        self._why_end = why_end
        self._checkpoints = checkpoints
        self._left_running = deque(ledger.running())
        self._unstarted = deque[int]() if unstarted is None else unstarted
        self._ending = ending
        self.reason: str | None = None

    def suggest(self, trial_id: str) -> dict[str, Any] | str:
        """Give Ray the whole configuration of the next trial, or say that the search is over."""
        finished: str = Searcher.FINISHED
        if self._ending():
            return finished
        if self._left_running:
            trial = self._ledger.reopen(self._left_running.popleft())
        elif self._unstarted:
            number = self._unstarted.popleft()
            trial = self._ledger.reopen(next(one for one in self._ledger.running() if one.number == number))
        elif reason := self._why_end() or self._grid_is_exhausted():
            self.reason = reason
            return finished
        else:
            self._ledger.study.sampler = self._sampler_for(-1, "")
            trial = self._ledger.ask()
        return {**self._fixed, **self._propose(trial), **self._about(trial)}

    def _propose(self, trial: optuna.Trial) -> dict[str, Any]:
        study = self._ledger.study
        study.sampler = self._sampler_for(trial.number, "")
        _ = trial.relative_params  # drawn here, whichever values a process that was killed had asked for

        def seeded(name: str) -> None:
            study.sampler = self._sampler_for(trial.number, name)

        return suggest(trial, self._search, self._fixed.get("terms", ""), seeded)

    def _about(self, trial: optuna.Trial) -> dict[str, Any]:
        own = {"seed": trial.user_attrs["seed"]} if "seed" in trial.user_attrs else {}
        spared = ENQUEUED in trial.user_attrs and self._sampler.name != "grid"
        return {"number": trial.number, "spared": spared, "checkpoints": self._checkpoints(trial.number), **own}

    def _sampler_for(self, number: int, name: str) -> optuna.samplers.BaseSampler:
        seed = seed_of(self._seed, max(number, 0), name)
        return make_sampler(self._sampler.name, seed=seed, options=self._sampler.options)

    def _grid_is_exhausted(self) -> str | None:
        waiting = self._sampler.name != "grid" or any(t.state == TrialState.WAITING for t in self._ledger.trials())
        return None if waiting else "every point of the grid has been tried"

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Leave it to the recorder, which ends a trial in the record when its adapter is safe."""

    def __getstate__(self) -> dict[str, Any]:
        """Give Ray nothing to pickle: the record is in its storage, ``why_end`` may look at what holds open files."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Have nothing to save: the record is in its storage."""
        Path(checkpoint_path).touch()

    def restore(self, checkpoint_path: str) -> None:
        """Have nothing to restore."""
