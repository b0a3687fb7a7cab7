"""What a study found, as it is printed: its front, how sure it is, and what moved the objectives."""

import math
from collections.abc import Callable

import pandas as pd
from rich.console import Console
from rich.table import Table

from gap.errors import UserError
from study.choice import knee
from study.effects import REST, conditional_parameters, importances, term_effects, with_rest
from study.error_bars import with_error_bars
from study.finished import Finished, load_optuna_study
from study.forest import forest_fits
from study.hypervolume import hypervolume, reference_point
from study.neighbours import RULE, neighbours
from study.words import brief, in_words

WIDTH = 120
STATES = {"COMPLETE": "complete", "STOPPED": "stopped early", "FAIL": "failed"}

Say = Callable[..., None]


def speaker(console: Console) -> Say:
    """Make what prints a line as it is, however long and whatever brackets it holds."""

    def say(text: str = "", style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False, soft_wrap=True)

    return say


def show_study(study: Finished, console: Console) -> None:
    """Print the front, its hypervolume, neighbours that are not told apart, importances and effects."""
    say = speaker(console)
    if study.about.get("profile") == "rehearsal":
        say("REHEARSAL: a small model; its figures say nothing about the study's own model.", "bold yellow")
    say(_count(study))
    if not len(study.trials):
        return
    barred = with_error_bars(study.front, study.replicates, study.objectives)
    say()
    console.print(_front_table(study, barred))
    if len(barred):
        say("◆ the knee: scaled to the front, the trial with the largest sum of objectives.")
    if barred["n"].any():
        say("Second line: mean ± standard error (number) of re-runs with other seeds, without the search's own run.")
        say("P(front): share of bootstrap resamples of the seeds in which no other trial of the front is better.")
    say(f"adapters are in {study.directory}")
    say()
    say(_hypervolume(study))
    if barred["n"].any():
        say()
        _say_neighbours(study, say)
    say()
    _show_importances(study, console)
    say()
    _show_effects(study, console)


def show_choice(study: Finished, chosen: pd.Series, console: Console) -> None:
    """Print one trial: its objectives, its parameters, the path of its adapter."""
    say = speaker(console)
    trial = str(chosen["trial_id"])
    say(f"{trial}: {in_words({name: float(chosen[name]) for name in study.objectives})}")
    say(f"parameters: {_parameters(study, chosen) or 'none were searched'}")
    say(f"adapter: {study.adapter(trial) or 'not kept'}")


def _count(study: Finished) -> str:
    states = study.trials["state"].value_counts()
    if not len(study.trials):
        return f"{study.directory}: no trial has ended yet"
    counts = ", ".join(f"{states[state]} {word}" for state, word in STATES.items() if state in states)
    return f"{study.directory}: {len(study.trials)} trials ({counts}), {len(study.front)} of them on the front"


def _parameters(study: Finished, row: pd.Series) -> str:
    values = {name: row.get(name) for name in study.searched}
    return in_words({name: None if pd.isna(value) else value for name, value in values.items()})


def _table(*columns: str, folded: str | None = None) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        shown.add_column(name, no_wrap=name != folded, overflow="fold")
    return shown


def _front_table(study: Finished, barred: pd.DataFrame) -> Table:
    """Build the front under the model before training."""
    sure = ["P(front)"] if barred["n"].any() else []
    shown = _table("trial", *study.objectives, *sure, "adapter", "parameters", folded="parameters")
    before = (brief(study.baseline.get(name)) for name in study.objectives)
    shown.add_row("before", *before, *("" for _ in sure), "", "", style="dim")
    best = knee(barred, study.objectives) if len(barred) else None
    for _, row in barred.iterrows():
        trial = str(row["trial_id"])
        cells = [_cell(row, name) for name in study.objectives]
        shares = [_number(row["pareto_probability"], ".2f") for _ in sure]
        adapter = f"adapters/{trial}" if study.adapter(trial) else "not kept"
        mark = " ◆" if trial == best else ""
        shown.add_row(f"{trial}{mark}", *cells, *shares, adapter, _parameters(study, row))
    return shown


def _cell(row: pd.Series, objective: str) -> str:
    own = brief(float(row[objective]))
    if not row["n"]:
        return own
    error = row[f"{objective}_se"]
    bar = "" if math.isnan(error) else f" ± {error:.2g}"
    return f"{own}\n{brief(float(row[f'{objective}_mean']))}{bar} ({row['n']})"


def _number(value: float, form: str) -> str:
    return "-" if math.isnan(value) else format(value, form)


def _hypervolume(study: Finished) -> str:
    given = study.about["spec"].get("reference") or {}
    try:
        reference = reference_point(study.baseline, study.objectives, given)
    except UserError as error:
        return str(error)
    values = study.front[list(study.objectives)].to_numpy(dtype=float)
    volume = hypervolume(values, list(study.objectives.values()), list(reference.values()))
    return f"hypervolume: {brief(volume)}, measured from {in_words(reference)}"


def _say_neighbours(study: Finished, say: Say) -> None:
    found = neighbours(study.front, study.replicates, study.objectives)
    for pair in found:
        if pair.alike is not None:
            told = "are not told apart" if pair.alike else "are told apart"
            say(f"{pair.one} and {pair.other}, neighbours on the front, {told} by their re-runs ({pair.how}).")
    judged = sum(pair.alike is not None for pair in found)
    say(f"Compared: {judged} of {len(found)} pairs of neighbours, those with two re-runs or more to compare.")
    say(f"{RULE}.")
    say("No difference found is no proof of none.")


def _show_importances(study: Finished, console: Console) -> None:
    """Print a table of parameters by objectives, or why there is none."""
    say = speaker(console)
    try:
        optuna_study = load_optuna_study(study)
        found = importances(optuna_study, study.objectives)
        conditional = conditional_parameters(optuna_study)
        fits = forest_fits(optuna_study, study.objectives)
    except UserError as error:
        say(f"importances left out: {error}")
        return
    if found["importance"].isna().all():
        say("importances left out: too few complete trials, or no objective or parameter that differs between them")
        return
    shown = _table("parameter", *study.objectives)
    by_name = with_rest(found).pivot(index="parameter", columns="objective", values="importance")
    order = by_name.drop(index=REST, errors="ignore").mean(axis=1).sort_values(ascending=False, kind="stable").index
    for parameter in [*order, *by_name.index.intersection([REST])]:
        shown.add_row(str(parameter), *(_number(by_name.loc[parameter, name], ".2f") for name in study.objectives))
    unseen = (_number(fits[name].r2, ".2f") if name in fits else "-" for name in study.objectives)
    shown.add_row("R² on unseen trials", *unseen, style="dim")
    say("Importance: share of a random forest's variance that a parameter explains by itself (fANOVA)", "bold")
    console.print(shown)
    for name in (name for name in study.objectives if name in fits and not fits[name].tells):
        say(f"{name}: not distinguishable from noise, the forest is no better than the mean or than shuffled values")
    if conditional:
        say(f"Left out, as only some trials have them: {', '.join(conditional)}")


def _show_effects(study: Finished, console: Console) -> None:
    """Print a table of terms by objectives, or why there is none."""
    say = speaker(console)
    found = term_effects(study.trials, study.objectives)
    if not len(found):
        say("effects of terms left out: no loss term is in some trials and not in others")
        return
    shown = _table("term", "with", "without", *study.objectives)
    for term, rows in found.groupby("term", sort=False):
        cells = []
        for _, row in rows.iterrows():
            interval = f" [{row['low']:+.3g}, {row['high']:+.3g}]"
            cells.append("-" if math.isnan(row["effect"]) else f"{row['effect']:+.3g}{interval}")
        counts = (str(rows[name].iloc[0]) for name in ("n_with", "n_without"))
        shown.add_row(str(term), *counts, *cells)
    say("Effect of a loss term, with its 95 % interval, and the numbers of trials with and without it", "bold")
    console.print(shown)
    say("Mean of the complete trials with the term minus those without, averaged over whatever else differed;")
    say("-: less than two trials on a side. Intervals hold one by one.")
