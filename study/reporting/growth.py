"""How the front grew while the study ran."""

from gap.errors import UserError
from study.figures.hypervolume import draw_hypervolume
from study.figures.palette import label
from study.hypervolume import reference_point
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, View, sheet_of
from study.words import in_words

COLUMNS = {
    "trials": "trials ended",
    "trial_id": "trial",
    "state": "state",
    "hypervolume": "hypervolume",
    "epochs": "epochs spent",
    "train_seconds": "training seconds spent",
}


def growth(study: Collected) -> Section:
    """Draw the hypervolume of the front after every trial."""
    title = "Hypervolume over time"
    table = study.growth
    if not len(table):
        return Section(
            title, ["There is no hypervolume.csv: no trial has ended yet, or an older version ran the study."]
        )
    finished = study.finished
    try:
        given = finished.about["spec"].get("reference") or {}
        point = reference_point(finished.baseline, finished.objectives, given)
        reference = f"It is measured from {in_words({label(name): value for name, value in point.items()})}."
    except UserError as error:
        reference = f"It has {error}."
    shown = table[[name for name in COLUMNS if name in table]].rename(columns=COLUMNS)
    last = float(table["hypervolume"].iloc[-1])
    chart = Chart(
        "hypervolume",
        f"The region that the front dominates, after each trial that ended. {reference} A curve that has been flat for "
        "long says that more trials of this kind would find little more.",
        f"Step line of the hypervolume over {len(table)} trials, which ends at {last:.4g}.",
        {"": View(draw_hypervolume({finished.directory.name: table}), sheet_of(shown, "Hypervolume after each trial"))},
    )
    return Section(title, [], [chart])
