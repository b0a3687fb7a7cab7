"""What moved the objectives of a study: its loss terms one by one, and the parameters that were searched."""

from collections.abc import Mapping

import numpy as np
import optuna
import pandas as pd
from optuna.search_space import intersection_search_space
from optuna.trial import FrozenTrial, TrialState

from study.front import Direction
from study.welch import welch

# With fewer trials a forest of regression trees tells the search's few points, not the objective.
ENOUGH = 4
REST = "interactions and noise"


def term_effects(trials: pd.DataFrame, objectives: Mapping[str, Direction]) -> pd.DataFrame:
    """Estimate the marginal effect of each loss term on each objective.

    effect = mean over the complete trials with the term − mean over those without; ``standard_error`` and the 95 %
    interval (``low``, ``high``) after Welch; ``n_with`` and ``n_without`` trials. A row is a term and an objective.
    Terms of every trial are left out; where a side has less than two trials the estimate is NaN.

    Marginal means: averaged over whatever else differed between these trials, other terms, weights and rank. A search
    does not draw them at random, so an effect may be that of what came along with the term. Trials that were stopped
    early have no final value and are left out, which flatters a term whose bad trials were stopped. Intervals hold one
    by one; of twenty, one is expected to miss.

    >>> trials = pd.DataFrame({"state": "COMPLETE", "terms": ["ce", "ce", "ce+variance", "ce+variance"],
    ...                        "modality_gap": [1.0, 1.0, 0.5, 0.7]})
    >>> term_effects(trials, {"modality_gap": "min"}).round(2).to_dict("records")
    [{'term': 'variance', 'objective': 'modality_gap', 'effect': -0.4, 'standard_error': 0.1, 'low': -1.67,
      'high': 0.87, 'n_with': 2, 'n_without': 2}]
    """
    used: list[set[str]] = [set(str(terms).split("+")) for terms in trials.get("terms", ()) if not pd.isna(terms)]
    complete = trials[trials["state"] == "COMPLETE"]
    rows = []
    in_all = used[0].intersection(*used) if used else set()
    for term in sorted({term for terms in used for term in terms} - in_all):
        has = np.array([term in str(terms).split("+") for terms in complete["terms"]], dtype=bool)
        for objective in objectives:
            values = complete[objective].to_numpy(dtype=np.float64)
            groups = [values[side & np.isfinite(values)] for side in (has, ~has)]
            difference = welch(*groups)
            low, high = difference.interval()
            rows.append((term, objective, difference.value, difference.error, low, high, *map(len, groups)))
    columns = ["term", "objective", "effect", "standard_error", "low", "high", "n_with", "n_without"]
    built: pd.DataFrame = pd.DataFrame(rows, columns=columns)
    return built


def importances(optuna_study: optuna.Study, objectives: Mapping[str, Direction]) -> pd.DataFrame:
    """Estimate how much of the variance that a random forest learnt of each objective a parameter explains, alone.

    A row is an ``objective`` and a ``parameter``, most important first. ``importance`` is fANOVA's main effect as a
    share of the forest's variance over the search space, in [0, 1]; what an objective's importances leave to 1 is
    interactions and noise (``with_rest``). They are not rescaled to sum to 1, as Optuna does by default. The forest has
    64 trees and a fixed seed and is fitted to the complete trials; it learns noise as well, so ``study.forest`` says
    whether it has learnt anything. ``objectives`` are in the order of the Optuna study's values. NaN where there are
    less than 4 complete trials or the objective is the same in all.

    Optuna leaves out parameters that only some of these trials have, such as the weight of a term: see
    ``conditional_parameters``.

    Source: Hutter, Hoos & Leyton-Brown 2014, "An efficient approach for assessing hyperparameter importance".

    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> study.optimize(lambda trial: trial.suggest_float("lr", 0, 1) + 0 * trial.suggest_int("rank", 1, 8), n_trials=20)
    >>> importances(study, {"modality_gap": "min"}).round(1).values.tolist()
    [['modality_gap', 'lr', 1.0], ['modality_gap', 'rank', 0.0]]
    """
    rows = [
        (objective, parameter, importance)
        for number, objective in enumerate(objectives)
        for parameter, importance in _importances_of(optuna_study, number).items()
    ]
    built: pd.DataFrame = pd.DataFrame(rows, columns=["objective", "parameter", "importance"])
    return built


def with_rest(found: pd.DataFrame) -> pd.DataFrame:
    """Add what the importances of each objective leave to 1 as a row of its own, where they leave anything.

    >>> found = pd.DataFrame({"objective": "modality_gap", "parameter": ["lr", "rank"], "importance": [0.5, 0.25]})
    >>> with_rest(found).values.tolist()[-1]
    ['modality_gap', 'interactions and noise', 0.25]
    """
    rest = 1 - found.groupby("objective", sort=False)["importance"].sum(min_count=1)
    rows = pd.DataFrame({"objective": rest.index, "parameter": REST, "importance": rest.to_numpy()})
    whole: pd.DataFrame = pd.concat([found, rows[rows["importance"] > 1e-9]], ignore_index=True)
    return whole


def _importances_of(optuna_study: optuna.Study, number: int) -> dict[str, float]:
    """Give the importances for one objective; NaN for all where they cannot be told."""
    trials = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    space = intersection_search_space(trials)
    unknown = dict.fromkeys(space, float("nan"))
    # Optuna would share the importance out evenly where there is nothing to explain, or nothing to explain it by.
    if len(trials) < ENOUGH or len({trial.values[number] for trial in trials}) == 1:
        return unknown
    if all(distribution.single() for distribution in space.values()):
        return unknown

    def target(trial: FrozenTrial) -> float:
        return float(trial.values[number])

    evaluator = optuna.importance.FanovaImportanceEvaluator(seed=0)
    try:
        return dict(evaluator.evaluate(optuna_study, target=target))
    except RuntimeError:  # no tree of the forest found a split that explains anything
        return unknown


def conditional_parameters(optuna_study: optuna.Study) -> list[str]:
    """Name the parameters that some complete trials have and others do not."""
    trials = optuna_study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return sorted({name for trial in trials for name in trial.params} - set(intersection_search_space(trials)))
