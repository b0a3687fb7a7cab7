"""What Optuna makes of a trial that was stopped early, in a study of several objectives."""

import warnings
from collections.abc import Callable

import optuna
import pytest
from optuna.samplers import BaseSampler, GPSampler, NSGAIIISampler, NSGAIISampler, RandomSampler, TPESampler
from optuna.trial import TrialState

DIRECTIONS = ["maximize", "minimize"]
# start-up and population are small, so that each comes to its own way of proposing
SAMPLERS: dict[str, Callable[[], BaseSampler]] = {
    "random": lambda: RandomSampler(seed=0),
    "tpe": lambda: TPESampler(seed=0, n_startup_trials=4),
    "nsga2": lambda: NSGAIISampler(seed=0, population_size=4),
    "nsga3": lambda: NSGAIIISampler(seed=0, population_size=4),
    "gp": lambda: GPSampler(seed=0, n_startup_trials=4),
}


@pytest.fixture(autouse=True)
def quiet() -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def make(sampler: str) -> optuna.Study:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return optuna.create_study(directions=DIRECTIONS, sampler=SAMPLERS[sampler]())


def ask(study: optuna.Study) -> tuple[optuna.Trial, float]:
    trial = study.ask()
    trial.suggest_categorical("rank", [2, 4])
    return trial, trial.suggest_float("lr", 0.01, 1.0, log=True)


def stop(study: optuna.Study, values: list[float]) -> None:
    trial, _ = ask(study)
    trial.set_user_attr("stopped_at", values)
    study.tell(trial, state=TrialState.PRUNED)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_goes_on_proposing_after_trials_that_were_stopped(sampler: str) -> None:
    study = make(sampler)
    for number in range(12):
        if number % 3 == 1:
            stop(study, [9.0, 0.0])
        else:
            trial, lr = ask(study)
            study.tell(trial, [lr, lr * lr])
    for trial in study.trials:
        assert set(trial.params) == {"rank", "lr"}
    stopped = [trial for trial in study.trials if trial.state == TrialState.PRUNED]
    assert len(stopped) == 4
    assert all(trial.user_attrs == {"stopped_at": [9.0, 0.0]} and trial.values is None for trial in stopped)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_every_sampler_proposes_where_all_trials_so_far_were_stopped(sampler: str) -> None:
    study = make(sampler)
    for _ in range(6):
        stop(study, [9.0, 0.0])
    assert set(ask(study)[0].params) == {"rank", "lr"}
    assert study.best_trials == []


def test_a_stopped_trial_is_not_among_the_best() -> None:
    study = make("random")
    stop(study, [9.0, 0.0])  # would dominate
    trial, _ = ask(study)
    study.tell(trial, [1.0, 0.5])
    assert [best.number for best in study.best_trials] == [1]


def test_a_stopped_trial_takes_no_values() -> None:
    study = make("random")
    trial, _ = ask(study)
    with pytest.raises(ValueError, match="Values cannot be specified when state is TrialState"):
        study.tell(trial, values=[1.0, 0.5], state=TrialState.PRUNED)


def test_several_objectives_have_no_intermediate_values() -> None:
    trial, _ = ask(make("random"))
    with pytest.raises(NotImplementedError, match="not supported for multi-objective"):
        trial.report(1.0, step=1)


def test_tpe_cannot_propose_after_an_intermediate_value_of_a_stopped_trial() -> None:
    # Written through the storage, past the check of Trial.report, it makes TPE look for the study's one direction:
    # what a stopped trial reached belongs into its user attributes.
    study = make("tpe")
    for number in range(4):
        trial, lr = ask(study)
        if number == 1:
            study._storage.set_trial_intermediate_value(trial._trial_id, 1, lr)
            study.tell(trial, state=TrialState.PRUNED)
        else:
            study.tell(trial, [lr, lr * lr])
    with pytest.raises(RuntimeError, match="A single direction cannot be retrieved from a multi-objective study"):
        ask(study)
