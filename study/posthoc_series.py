"""Post-hoc points by the model whose embeddings were mapped: the untuned one needs no training, a trial's had it."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from study.front import Direction
from study.open_trial import BASELINE

OBJECTIVES: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
UNTUNED, OF_TRIAL = "post-hoc, untuned model", "post-hoc, trial"
BEATEN, BEATEN_BY = "trials_beaten", "beaten_by_trials"


def series_of(trial: str) -> str:
    """Name the series that a point belongs to.

    >>> series_of("baseline"), series_of("t003")
    ('post-hoc, untuned model', 'post-hoc, trial t003')
    """
    return UNTUNED if trial == BASELINE else f"{OF_TRIAL} {trial}"


def by_series(points: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Part post-hoc points by their series, the untuned model's first, then the trials' in their order."""
    trials = sorted({str(trial) for trial in points["trial_id"]}, key=lambda trial: (trial != BASELINE, trial))
    return {series_of(trial): points[points["trial_id"] == trial] for trial in trials}


def beats(points: pd.DataFrame, trials: pd.DataFrame, objectives: Mapping[str, Direction] = OBJECTIVES) -> np.ndarray:
    """Say which complete trial each point beats, [points, trials]: as good in every objective, and better in one.

    >>> points = pd.DataFrame({"recall_at_1": [50.0, 40.0], "modality_gap": [0.5, 0.5]})
    >>> trials = pd.DataFrame({"state": "COMPLETE", "recall_at_1": [50.0, 45.0], "modality_gap": [0.5, 0.6]})
    >>> beats(points, trials).tolist()
    [[False, True], [False, False]]
    """
    signs = np.array([1.0 if way == "max" else -1.0 for way in objectives.values()])
    complete = trials[trials["state"] == "COMPLETE"]
    one, other = (table[list(objectives)].to_numpy(dtype=np.float64) * signs for table in (points, complete))
    found: np.ndarray = (one[:, None] >= other).all(axis=2) & (one[:, None] > other).any(axis=2)
    return found


def against_trials(points: pd.DataFrame, trials: pd.DataFrame) -> pd.DataFrame:
    """Count for every point the complete trials that it beats and those that beat it, in recall and gap."""
    complete = trials[trials["state"] == "COMPLETE"]
    as_points = points.assign(state="COMPLETE")
    counted: pd.DataFrame = points.assign(
        **{BEATEN: beats(points, complete).sum(axis=1), BEATEN_BY: beats(complete, as_points).sum(axis=0)}
    )
    return counted
