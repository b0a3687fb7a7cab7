"""What a study found, in sentences that its tables give."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from study.figures.palette import label
from study.front import Direction
from study.neighbours import RULE, neighbours
from study.open_trial import BASELINE
from study.pareto_tables import STATES
from study.posthoc_series import BEATEN, BEATEN_BY, beats
from study.reporting.collect import Collected
from study.reporting.section import Prose, Section, Tile, Tiles
from study.reporting.words import change, joined, name, number, share, subject, value
from study.words import in_words

BETTER = {"max": "highest", "min": "lowest"}


def summary(study: Collected) -> Section:
    """Say what the trials did to the objectives, where the front bends, what it costs, and how sure that is."""
    prose = Prose([line for line in _sentences(study) if line])
    return Section("What the study found", [], [*_tiles(study), prose])


def _sentences(study: Collected) -> Iterator[str]:
    yield _count(study)
    yield _before_and_plain(study)
    if study.knee is not None:
        yield _knee(study)
        yield _ends(study)
    yield from _posthoc(study.finished.posthoc, study.finished.trials)
    yield _certainty(study)


def _count(study: Collected) -> str:
    trials, front = study.finished.trials, study.front
    if not len(trials):
        return "No trial has ended yet, so nothing is known so far."
    states = trials["state"].value_counts()
    counts = ", ".join(f"{states[state]} {word}" for state, word in STATES.items() if state in states)
    text = f"{number(len(trials), 'trial')} ended ({counts})."
    if not len(front):
        broken = "every complete trial breaks a constraint" if states.get("COMPLETE") else "no trial is complete"
        return f"{text} None is on the Pareto front: {broken}."
    verb = "is" if len(front) == 1 else "are"
    return (
        f"{text} {len(front)} {verb} on the Pareto front: no other complete trial{_allowed(study)} is at least as good "
        "in every objective and better in one."
    )


def _allowed(study: Collected) -> str:
    constraints = study.finished.about["spec"].get("constraints") or []
    return f" with {joined([str(one) for one in constraints])}" if constraints else ""


def _before_and_plain(study: Collected) -> str:
    """Tell of the model before training, and of fine-tuning without other terms, by which those are to be judged."""
    trials, baseline, objectives = study.finished.trials, study.finished.baseline, study.finished.objectives
    known = [f"{subject(one)} was {value(one, baseline[one])}" for one in objectives if one in baseline]
    if not known:
        return ""
    plain = trials[(trials["state"] == "COMPLETE") & (trials["terms"] == "ce")] if "terms" in trials else trials[:0]
    text = f"Before training, {joined(known)}."
    if not len(plain):
        return text
    first = plain.iloc[0]
    moved = joined([change(one, baseline.get(one), first[one]) for one in objectives])
    which = f"{first['trial_id']}, the first of {len(plain)} such trials" if len(plain) > 1 else first["trial_id"]
    return f"{text} Fine-tuning with cross-entropy alone ({which}) is what loss terms are judged by: {moved}."


def _knee(study: Collected) -> str:
    row = _row(study.front, study.knee)
    moved = joined([change(one, study.finished.baseline.get(one), row[one]) for one in study.finished.objectives])
    chosen = {one: row.get(one) for one in study.finished.searched}
    parameters = in_words({label(one): None if pd.isna(at) else at for one, at in chosen.items()})
    what = f" ({parameters})" if parameters else ""
    return (
        f"At the knee of the front, from where a gain in one objective costs most in the others, stands {study.knee}"
        f"{what}. From before training to there, {moved}."
    )


def _ends(study: Collected) -> str:
    objectives, front = study.finished.objectives, study.front
    best = {
        one: str(front["trial_id"].iloc[int((front[one] * (-1 if way == "max" else 1)).to_numpy().argmin())])
        for one, way in objectives.items()
    }
    if len(set(best.values())) == 1:
        return ""
    ends = joined(
        [
            f"{trial} has the {BETTER[objectives[one]]} {name(one)} ({value(one, float(_row(front, trial)[one]))})"
            for one, trial in best.items()
        ]
    )
    if len(objectives) != 2:
        return f"At the ends of the front, {ends}."
    (up, first), (across, last) = best.items()
    costs = joined([change(one, _row(front, first)[one], _row(front, last)[one]) for one in (across, up)])
    return f"At the ends of the front, {ends}. From {first} to {last}, {costs}."


def _posthoc(posthoc: pd.DataFrame, trials: pd.DataFrame) -> Iterator[str]:
    """Tell of maps of the untuned model and of maps of trials, each by itself."""
    if not len(posthoc):
        return
    if BEATEN not in posthoc:
        yield (
            "Maps of the untuned model and maps of trials are one front in this pareto_posthoc.csv, of an earlier "
            "version: python -m study.posthoc writes it anew, with a front of each."
        )
        return
    untuned = posthoc["trial_id"] == BASELINE
    if untuned.any():
        yield f"Post-hoc maps of the untuned model, which need no training, give {_against(posthoc[untuned], trials)}"
    if not untuned.all():
        names = joined(sorted(set(posthoc["trial_id"][~untuned])))
        yield (
            f"Post-hoc maps of what trials had trained ({names}) give {_against(posthoc[~untuned], trials)} Those are "
            "trained models: what they gain is not to be had without training."
        )


def _against(points: pd.DataFrame, trials: pd.DataFrame) -> str:
    """Count what these points beat and what beats them: at least as good in recall and gap, and better in one."""
    complete = trials[trials["state"] == "COMPLETE"]
    beaten, beating = int(beats(points, complete).any(axis=0).sum()), int((points[BEATEN_BY] > 0).sum())
    every = "every one" if beaten == len(complete) > 0 else f"{beaten or 'none'}"
    of_trials, of_points = number(len(complete), "complete trial"), number(len(points), "point")
    return (
        f"a front of {of_points} in R@1 and modality gap: of {of_trials} they beat {every}; of the {of_points} a trial "
        f"beats {beating or 'none'}."
    )


def _certainty(study: Collected) -> str:
    front, finished = study.front, study.finished
    if not len(front):
        return ""
    if not front["n"].any():
        return (
            "How sure is that? Nothing here says: each trial ran once, with one seed, and a single run carries no "
            "uncertainty. Another seed would move every figure by an unknown amount. The option --replicates of "
            "study/run.py repeats the front's trials with other seeds."
        )
    repeated = front[front["n"] > 0]
    runs = "; ".join(f"{row['trial_id']}: {_certain(row, finished.objectives)}" for _, row in repeated.iterrows())
    compared = neighbours(finished.front, finished.replicates, finished.objectives)
    pairs = "; ".join(f"{pair.one} and {pair.other} ({pair.how})" for pair in compared if pair.alike)
    judged = sum(pair.alike is not None for pair in compared)
    once = [str(trial) for trial in front["trial_id"][front["n"] == 0]]
    return (
        f"How sure is that? Re-runs with other seeds (mean ± standard error, and the probability that a trial belongs "
        f"on the front) say: {runs}."
        + (f" Not run again: {joined(once)}." if once else "")
        + (f" Neighbours that they do not tell apart: {pairs}." if pairs else "")
        + (f" Compared: {judged} of {number(len(compared), 'pair')} of neighbours. {RULE}." if compared else "")
    )


def _certain(row: pd.Series, objectives: Mapping[str, Direction]) -> str:
    values = []
    for one in objectives:
        error = float(row[f"{one}_se"])
        bar = " (one run)" if math.isnan(error) else f" ± {error:.2g}"
        values.append(f"{name(one)} {value(one, float(row[f'{one}_mean']))}{bar}")
    return f"{', '.join(values)}, probability {row['pareto_probability']:.2g}"


def _row(front: pd.DataFrame, trial: str | None) -> pd.Series:
    row: pd.Series = front[front["trial_id"] == trial].iloc[0]
    return row


def _tiles(study: Collected) -> list[Tiles]:
    """Give the figures of the knee, if there is one."""
    if study.knee is None:
        return []
    row, baseline = _row(study.front, study.knee), study.finished.baseline
    tiles = [
        Tile(
            f"{name(one)} at the knee, {study.knee}",
            value(one, float(row[one])),
            f"{value(one, baseline[one])} before training" if one in baseline else "not measured before training",
        )
        for one in study.finished.objectives
    ]
    gap, before = row.get("modality_gap", math.nan), baseline.get("modality_gap", math.nan)
    if 0 <= gap < before:
        tiles.append(Tile("of the modality gap closed", share(1 - gap / before), "at the knee"))
    tiles.append(
        Tile("on the Pareto front", str(len(study.front)), f"of {number(len(study.finished.trials), 'trial')}")
    )
    return [Tiles(tiles)]
