"""Which trial is searched with."""

from dataclasses import dataclass

import pandas as pd

from gap.errors import UserError, unknown
from study.choice import knee, pick
from study.conditions import parse_conditions
from study.finished import Finished
from study.open_trial import BASELINE, kept_trials
from study.words import in_words

KNEE = "knee"


@dataclass(frozen=True)
class Chosen:
    """A trial and, in words, what it is."""

    trial: str
    what: str


BEFORE = Chosen(BASELINE, "the model before training")


def choose(study: Finished, wanted: str | None) -> Chosen:
    """Choose a trial: the one ``wanted``, ``baseline`` or the ``knee``; else the front's best in the first objective.

    Raises ``UserError`` if there is no such trial, no front yet, or its adapter was not kept.
    """
    if wanted == BASELINE:
        return BEFORE
    kept = kept_trials(study.directory)
    if wanted not in (None, KNEE):
        return Chosen(_known(study, str(wanted), kept), values_of(study, str(wanted)))
    front = _kept_front(study, kept)
    if wanted == KNEE:
        trial, role = knee(front, study.objectives), "the knee of the front"
    else:
        trial, role = (
            str(pick(front, [], study.objectives)["trial_id"]),
            f"the front's best {next(iter(study.objectives))}",
        )
    return Chosen(trial, f"{role}: {values_of(study, trial)}")


def choose_by(study: Finished, conditions: str) -> Chosen:
    """Choose the trial of the front that meets conditions such as ``recall_at_1 >= 50``, as ``study.choice.pick`` does.

    Raises ``UserError`` if they are none, no trial meets them, there is no front yet, or no adapter of it was kept.
    """
    front = _kept_front(study, kept_trials(study.directory))
    parsed = parse_conditions(conditions, front.select_dtypes("number").columns)
    trial = str(pick(front, parsed, study.objectives)["trial_id"])
    return Chosen(trial, f"the front's best with {conditions}: {values_of(study, trial)}")


def trials_to_ask(study: Finished, wanted: str | None, *, compare: bool) -> list[Chosen]:
    """Choose the trial, and before it the model before training if the two are compared.

    Raises ``UserError`` as ``choose`` does, or if there would be nothing to compare.
    """
    chosen = choose(study, wanted)
    if not compare:
        return [chosen]
    if chosen == BEFORE:
        raise UserError(f"--compare shows {BASELINE} beside a trial: expected another --trial than {BASELINE}")
    return [BEFORE, chosen]


def _kept_front(study: Finished, kept: list[str]) -> pd.DataFrame:
    front: pd.DataFrame = study.front[study.front["trial_id"].isin(kept)]
    if not len(front):
        raise UserError(f"{study.directory}: no trial is on the front yet; {BASELINE} is the model before training")
    return front


def _known(study: Finished, wanted: str, kept: list[str]) -> str:
    if wanted in kept:
        return wanted
    if wanted in set(study.trials["trial_id"]):
        raise UserError(f"the adapter of {wanted} was not kept: expected one of {', '.join([BASELINE, *kept])}")
    raise unknown("trial", wanted, [BASELINE, KNEE, *kept])


def values_of(study: Finished, trial: str) -> str:
    """Give a trial's loss terms and objectives in words."""
    rows = study.trials[study.trials["trial_id"] == trial]
    if not len(rows):
        return "a trial of no table"
    row = rows.iloc[0]
    return in_words({"terms": row.get("terms"), **{name: float(row[name]) for name in study.objectives}})
