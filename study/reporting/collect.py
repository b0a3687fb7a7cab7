"""Everything that the report tells of, read or made once."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from gap.data import PairDataset
from gap.errors import UserError
from study.choice import knee
from study.embeddings import Embeddings, embeddings_path, trial_embeddings
from study.error_bars import with_error_bars
from study.finished import Finished, read_finished, read_table
from study.open_trial import BASELINE, study_dataset
from study.reporting.chosen import COUNTED, SHOWN, spread
from study.reporting.cosines import BeforeAfter, cosines


@dataclass(frozen=True)
class Collected:
    """A study with what its sections draw; a part that is not there is empty or None, ``lacking`` says why.

    ``front`` has the error bars of ``with_error_bars``; ``knee`` is its knee, None without a front. ``shown`` are the
    trials that get pictures, of which ``embeddings`` holds those that could be had, the ``baseline`` first. ``lacking``
    has the reason by trial, and for ``dataset``.
    """

    finished: Finished
    front: pd.DataFrame
    knee: str | None
    epochs: pd.DataFrame
    growth: pd.DataFrame
    shown: Sequence[str]
    embeddings: Mapping[str, Embeddings]
    cosines: Mapping[str, BeforeAfter]
    dataset: PairDataset | None
    lacking: Mapping[str, str]

    @property
    def pictured(self) -> str | None:
        """The trial of the figures for papers: the first that is shown."""
        return next(iter(self.shown), None)

    @property
    def looked_at(self) -> list[str]:
        """The shown trials whose embeddings are there, as the baseline's are."""
        return [trial for trial in self.shown if trial in self.embeddings] if BASELINE in self.embeddings else []

    def remarks(self) -> list[str]:
        """Say why pictures of trials are missing, or that others of the front are not shown; nothing if all are."""
        if not self.shown:
            return ["No trial is on the front, so none is shown in detail."]
        wanted = [BASELINE, *self.shown]
        reasons = {self.lacking[trial]: trial for trial in reversed(wanted) if trial in self.lacking}
        found = [f"Without {trial}: {reason}." for reason, trial in reasons.items()]
        if rest := len(set(self.front["trial_id"]) - set(self.shown)):
            others = "one other trial" if rest == 1 else f"{rest} other trials"
            found.append(f"Not shown: {others} of the front; --trials of study/report.py chooses which are.")
        return found


def collect(directory: Path, trials: Sequence[str] | None = None) -> Collected:
    """Read a study, and make the embeddings of the ``trials`` to show in detail where they were not kept.

    Without ``trials``, up to 6 of the front: its knee, its ends, and others evenly between them; counts of cosines,
    which take less room, of up to 40.

    Raises ``UserError`` if there is no study, or it has no such trial.
    """
    finished = read_finished(directory)
    front = with_error_bars(finished.front, finished.replicates, finished.objectives)
    best = knee(front, finished.objectives) if len(front) else None
    known = [str(trial) for trial in finished.trials["trial_id"]]
    if unknown := sorted(set(trials or ()) - set(known)):
        raise UserError(
            f"--trials: {directory} has no trial {unknown[0]}: expected some of {', '.join(known) or 'none'}"
        )
    members = [str(trial) for trial in front["trial_id"]]
    shown, counted = (list(dict.fromkeys(trials or spread(members, best, count))) for count in (SHOWN, COUNTED))
    lacking: dict[str, str] = {}
    dataset = _dataset(directory, lacking)
    embeddings = _embeddings(directory, [BASELINE, *shown] if shown else [], lacking)
    return Collected(
        finished,
        front=front,
        knee=best,
        epochs=read_table(directory / "epochs.csv", []),
        growth=read_table(directory / "hypervolume.csv", []),
        shown=shown,
        embeddings=embeddings,
        cosines=cosines(directory, _counting(finished.trials, counted), embeddings),
        dataset=dataset,
        lacking=lacking,
    )


def _counting(trials: pd.DataFrame, names: Sequence[str]) -> dict[str, int]:
    """Give the epoch that counts of each of these trials."""
    epochs = trials.set_index("trial_id").get("epoch", pd.Series(dtype=int))
    return {name: int(epochs[name]) if name in epochs else 0 for name in names}


def _embeddings(directory: Path, trials: Sequence[str], lacking: dict[str, str]) -> dict[str, Embeddings]:
    found = {}
    for trial in trials:
        if not embeddings_path(directory, trial).exists() and "dataset" not in lacking:
            print(f"{trial}: embedding the test split for the report", file=sys.stderr)
        try:
            found[trial] = trial_embeddings(directory, trial)
        except UserError as error:
            lacking[trial] = str(error)
    return found


def _dataset(directory: Path, lacking: dict[str, str]) -> PairDataset | None:
    try:
        return study_dataset(directory)
    except UserError as error:
        lacking["dataset"] = str(error)
        return None
