"""The ways to search that benchmarks.search compares: who proposes a trial, and who may stop it."""

import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import islice
from typing import Any, Protocol

import optuna
from optuna.trial import TrialState
from ray.tune.search.optuna import OptunaSearch

from benchmarks.surrogate import Values
from study.distributions import Dimension
from study.front import Direction
from study.scheduling.rungs import Rungs
from study.searcher import suggest

OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
Space = Mapping[str, Dimension]
Rule = Callable[[str, int, Values], bool]  # trial, epoch, values: does it go on?


@dataclass(frozen=True)
class Options:
    """What can be set about our own searches."""

    reduction_factor: float = 3.0
    grace_epochs: int = 1
    startup_trials: int = 10
    multivariate: bool = False


@dataclass(frozen=True)
class Ended:
    """A trial that has ended: the epochs spent by then on all trials, its values after its last epoch."""

    spent: int
    state: TrialState
    parameters: dict[str, Any]
    values: Values | None


class Proposer(Protocol):
    """Who proposes trials and learns from them."""

    def ask(self, number: int) -> dict[str, Any]:
        """Give the searched parameters of a trial."""

    def tell(self, number: int, state: TrialState, values: Values | None) -> None:
        """Take the values of a complete trial, or the state of another."""


class Optuna:
    """Optuna asked directly, as ``study.searcher`` does."""

    def __init__(self, space: Space, sampler: optuna.samplers.BaseSampler) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
        self._space = space
        self._trials: dict[int, optuna.Trial] = {}

    def ask(self, number: int) -> dict[str, Any]:
        """Give the dimensions that the trial has a use for."""
        self._trials[number] = self._study.ask()
        return suggest(self._trials[number], self._space, "")

    def tell(self, number: int, state: TrialState, values: Values | None) -> None:
        """Tell the study."""
        self._study.tell(self._trials.pop(number), values, state=state)


class Ray:
    """Ray's OptunaSearch as it comes, with a define-by-run space."""

    def __init__(self, space: Space, seed: int) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)

        def define(trial: optuna.Trial) -> None:
            suggest(trial, space, "")

        self._search = OptunaSearch(space=define, metric=list(OBJECTIVES), mode=list(OBJECTIVES.values()), seed=seed)

    def ask(self, number: int) -> dict[str, Any]:
        """Give what was suggested."""
        return self._search.suggest(str(number))

    def tell(self, number: int, state: TrialState, values: Values | None) -> None:
        """Tell what Ray's controller would."""
        result = dict(zip(OBJECTIVES, values, strict=True)) if values else None
        self._search.on_trial_complete(str(number), result, error=state == TrialState.FAIL)


def never_stops(trial: str, epoch: int, values: Values) -> bool:
    """Let every trial go on."""
    return True


def our_rule(epochs: int, options: Options) -> Rule:
    """Make MO-ASHA as a study has it."""
    return Rungs(
        list(OBJECTIVES.values()),
        max_epochs=epochs,
        reduction_factor=options.reduction_factor,
        grace_epochs=options.grace_epochs,
    ).goes_on


def syne_rule(epochs: int) -> Rule:
    """Make Syne Tune's MOASHA with its own defaults (factor 3, grace 1, non-dominated sort)."""
    from syne_tune.backend.trial_status import Trial
    from syne_tune.optimizer.scheduler import SchedulerDecision
    from syne_tune.optimizer.schedulers.multiobjective.moasha import MOASHA

    scheduler = MOASHA({}, metrics=list(OBJECTIVES), time_attr="epoch", max_t=epochs)
    trials: dict[str, Trial] = {}

    def goes_on(name: str, epoch: int, values: Values) -> bool:
        if name not in trials:
            trials[name] = Trial(trial_id=len(trials), config={}, creation_time=datetime.now(timezone.utc))
            scheduler.on_trial_add(trials[name])
        recall, gap = values  # it minimises all of its metrics
        result = {"epoch": epoch, "recall_at_1": -recall, "modality_gap": gap}
        return bool(scheduler.on_trial_result(trials[name], result) == SchedulerDecision.CONTINUE)

    return goes_on


def why_no_syne_tune() -> str:
    """Say why Syne Tune, no dependency of the project, cannot be imported; nothing if it can."""
    try:
        syne_rule(1)
    except ImportError as error:
        return str(error)
    return ""


def tpe(seed: int, options: Options) -> optuna.samplers.TPESampler:
    """Make the sampler; with dimensions that come and go, the multivariate one goes by groups of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=options.startup_trials,
            multivariate=options.multivariate,
            group=options.multivariate,
        )


Maker = Callable[[Space, int, int, Options], tuple[Proposer, Rule]]
RANDOM, RAY, OURS, OURS_STOPPING, RANDOM_STOPPING, SYNE = (
    "random search",
    "Ray's OptunaSearch",
    "ours, no early stopping",
    "ours, MO-ASHA",
    "random search, our MO-ASHA",
    "random search, Syne Tune's MOASHA",
)
METHODS: dict[str, Maker] = {
    RANDOM: lambda space, seed, epochs, options: (Optuna(space, optuna.samplers.RandomSampler(seed)), never_stops),
    RAY: lambda space, seed, epochs, options: (Ray(space, seed), never_stops),
    OURS: lambda space, seed, epochs, options: (Optuna(space, tpe(seed, options)), never_stops),
    OURS_STOPPING: lambda space, seed, epochs, options: (
        Optuna(space, tpe(seed, options)),
        our_rule(epochs, options),
    ),
    RANDOM_STOPPING: lambda space, seed, epochs, options: (
        Optuna(space, optuna.samplers.RandomSampler(seed)),
        our_rule(epochs, options),
    ),
    SYNE: lambda space, seed, epochs, options: (
        Optuna(space, optuna.samplers.RandomSampler(seed)),
        syne_rule(epochs),
    ),
}


def run_search(
    proposer: Proposer,
    goes_on: Rule,
    curve: Callable[[Mapping[str, Any]], Iterator[Values]],
    *,
    budget: int,
    epochs: int,
) -> list[Ended]:
    """Run trials one after another until ``budget`` epochs are spent; a trial that this cuts short is left out.

    The epoch in which a trial fails is spent, too.
    """
    spent, ended = 0, list[Ended]()
    while spent < budget:
        number, left = len(ended), budget - spent
        parameters = proposer.ask(number)
        reached, values, state = 0, None, TrialState.FAIL
        for reached, values in enumerate(islice(curve(parameters), min(epochs, left)), start=1):
            if reached == epochs:
                state = TrialState.COMPLETE
            elif not goes_on(str(number), reached, values):
                state = TrialState.PRUNED
                break
        if state == TrialState.FAIL:
            if reached == left:
                break  # it did not fail: the budget ended first
            reached += 1
        spent += reached
        final = values if state == TrialState.COMPLETE else None
        proposer.tell(number, state, final)
        ended.append(Ended(spent, state, parameters, final))
    return ended
