"""What moved the objectives: searched parameters and loss terms."""

from collections.abc import Mapping

import pandas as pd

from gap.errors import UserError
from study.effects import conditional_parameters, importances, term_effects, with_rest
from study.figures.importances import draw_effects, draw_importances
from study.figures.palette import label
from study.finished import load_optuna_study
from study.forest import Fit, forest_fits
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, View, sheet_of
from study.reporting.words import joined

TITLE = "What made the difference"
CAUTION = (
    "A search does not draw its trials at random, and trials that were stopped early count in neither: take these as "
    "hints where to look, not as proof."
)


def importance(study: Collected) -> Section:
    """Draw fANOVA's importances of the parameters, and the marginal effect of every loss term."""
    prose, pieces = [CAUTION], []
    try:
        optuna_study = load_optuna_study(study.finished)
        found = importances(optuna_study, study.finished.objectives)
        conditional = conditional_parameters(optuna_study)
        fits = forest_fits(optuna_study, study.finished.objectives)
    except UserError as error:
        prose.append(f"Importances are left out: {error}.")
    else:
        if found["importance"].isna().all():
            prose.append("Importances are left out: too few complete trials, or none that differ.")
        else:
            prose += not_told(fits)
            pieces.append(_importances(found, conditional, fits))
    effects = term_effects(study.finished.trials, study.finished.objectives)
    if effects["effect"].notna().any():
        pieces.append(_effects(effects))
    else:
        prose.append("Effects of loss terms are left out: none is in two complete trials and missing from two others.")
    return Section(TITLE, prose, pieces)


def not_told(fits: Mapping[str, Fit]) -> list[str]:
    """Say of which objectives the importances are not distinguishable from noise."""
    names = [label(objective) for objective, fit in fits.items() if not fit.tells]
    if not names:
        return []
    return [
        f"Importances not distinguishable from noise: {joined(names)}. On trials that it has not seen, the forest is "
        "no better than the mean, or than forests of shuffled values."
    ]


def _importances(found: pd.DataFrame, conditional: list[str], fits: Mapping[str, Fit]) -> Chart:
    whole = with_rest(found)
    unseen = {objective: fit.r2 for objective, fit in fits.items()}
    shown = whole.assign(objective=whole["objective"].map(label), parameter=whole["parameter"].map(label)).rename(
        columns={"importance": "share of the forest's variance"}
    )
    shown["R² on unseen trials"] = whole["objective"].map(unseen)
    doubtful = [objective for objective, fit in fits.items() if not fit.tells]
    left_out = f" Left out, as only some trials have them: {', '.join(map(label, conditional))}." if conditional else ""
    return Chart(
        "importances",
        "Share of a random forest's variance that a parameter explains by itself (fANOVA), not rescaled; the rest is "
        "interactions and noise. R² on unseen trials (out of bag) says how much of the objective the forest knows. "
        f"Hollow: not distinguishable from noise.{left_out}",
        f"Bars of the importance of {found['parameter'].nunique()} parameters.",
        {"": View(draw_importances(whole, doubtful=doubtful), sheet_of(shown, "Importance of parameters"))},
    )


def _effects(effects: pd.DataFrame) -> Chart:
    return Chart(
        "effects",
        "Mean of the complete trials with a loss term minus those without it, averaged over whatever else differed, "
        "with its 95 % interval after Welch. Hollow: the interval holds zero. Intervals hold one by one; one of twenty "
        "is expected to miss.",
        f"Points with intervals: the effect of {effects['term'].nunique()} loss terms on each objective.",
        {"": View(draw_effects(effects), sheet_of(effects_in_words(effects), "Effects of loss terms"))},
    )


def effects_in_words(effects: pd.DataFrame) -> pd.DataFrame:
    """Give the table of effects with columns and names in words."""
    columns = {"standard_error": "standard error", "low": "95 % from", "high": "to"}
    counts = {"n_with": "trials with", "n_without": "trials without"}
    shown: pd.DataFrame = effects.assign(
        term=effects["term"].map(label), objective=effects["objective"].map(label)
    ).rename(columns={**columns, **counts, "term": "loss term"})
    return shown
