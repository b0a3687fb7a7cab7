"""One trial out of a front: by its shape, or by what somebody needs."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gap.errors import UserError
from study.conditions import Condition
from study.front import Direction, pareto_front

# Scaled objectives of one front are of order 1: scores closer than this differ by rounding alone.
SAME = 1e-12


def knee(front: pd.DataFrame, objectives: Mapping[str, Direction]) -> str:
    """Name the trial of a front from which a gain in one objective costs most in the others.

    Every objective is scaled to [0, 1] over the front, 1 the best; one that is equal in all trials is 0. The knee has
    the largest sum Σⱼ sᵢⱼ, which orders trials as their distance (Σⱼ sᵢⱼ − 1)/√k from the hyperplane through the k
    points that are best in one objective and worst in the others. The first of equals. So a front of one trial has that
    one as its knee, and one of two the trial that is better in more objectives, the first with two objectives; a front
    of two objectives that bends inwards has none but its first trial.

    Raises ``UserError`` for an empty front. Source: Das 1999, "On characterizing the 'knee' of the Pareto curve based
    on normal-boundary intersection".

    >>> front = pd.DataFrame({"trial_id": ["a", "b", "c"], "recall_at_1": [60, 58, 40], "modality_gap": [9, 3, 2]})
    >>> knee(front, {"recall_at_1": "max", "modality_gap": "min"})
    'b'
    """
    if not len(front):
        raise UserError("the front is empty: no trial of it can be chosen")
    costs = np.array([-1.0 if direction == "max" else 1.0 for direction in objectives.values()])
    values = front[list(objectives)].to_numpy(dtype=np.float64) * costs
    worst, best = values.max(axis=0), values.min(axis=0)
    span = np.where(worst > best, worst - best, 1.0)
    scores = ((worst - values) / span).sum(axis=1)
    return str(front["trial_id"].iloc[int(np.argmax(scores >= scores.max() - SAME))])


def pick(trials: pd.DataFrame, conditions: Sequence[Condition], objectives: Mapping[str, Direction]) -> pd.Series:
    """Choose the trial of the front that satisfies every condition and is best in the rest.

    ``trials`` is a study's table of trials, of which the front is taken, or its front. Best in the first objective that
    no condition names, then in the next such; in the last objective if conditions name all.

    Raises ``UserError`` when no trial satisfies the conditions, with the nearest value that there is: conditions are
    taken one after another, each among the trials that satisfy those before it.

    >>> trials = pd.DataFrame({"trial_id": ["a", "b", "c"], "state": "COMPLETE", "recall_at_1": [60.0, 55.0, 40.0],
    ...                        "modality_gap": [0.9, 0.4, 0.2]})
    >>> goals = {"recall_at_1": "max", "modality_gap": "min"}
    >>> pick(trials, [Condition("recall_at_1", ">=", 50)], goals)["trial_id"]
    'b'
    >>> pick(trials, [Condition("recall_at_1", ">", 70)], goals)
    Traceback (most recent call last):
    gap.errors.UserError: no trial of the front has recall_at_1 > 70: the nearest is 60 (a)
    """
    left = pareto_front(trials, objectives)
    if not len(left):
        raise UserError("the front is empty: no trial of it can be chosen")
    for number, condition in enumerate(conditions):
        violations = left[condition.metric].astype(float).map(condition.violation)
        if not (violations <= 0).any():
            before = " and ".join(str(one) for one in conditions[:number])
            among = f" among those with {before}" if before else ""
            nearest = left.iloc[int(np.argmin(violations))]
            value = float(nearest[condition.metric])
            known = "none has a value" if np.isnan(value) else f"the nearest is {value:.6g} ({nearest['trial_id']})"
            raise UserError(f"no trial of the front has {condition}{among}: {known}")
        left = left[violations <= 0]
    named = {condition.metric for condition in conditions}
    ways = [name for name in objectives if name not in named] or list(objectives)[-1:]
    ordered = left.sort_values(ways, ascending=[objectives[way] == "min" for way in ways], kind="stable")
    chosen: pd.Series = ordered.iloc[0]
    return chosen
