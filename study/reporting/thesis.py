"""The thesis's table beside what the study measured."""

import pandas as pd

from gap.errors import UserError
from study.agreement import RULE, compare_effects, compare_values, count
from study.caveats import caveats
from study.figures.groups import THESIS, groups
from study.figures.palette import label
from study.measured import Measured, measure
from study.published import ROWS, PublishedTable, published_table
from study.reporting.collect import Collected
from study.reporting.section import Section, Sheet


def thesis(study: Collected) -> Section:
    """Set the thesis's table of the study's dataset and language beside the study's values, or say why not."""
    title = "Beside the thesis's table"
    spec = study.finished.about["spec"]
    try:
        table = published_table(str(spec.get("dataset")), str(spec.get("language")))
    except UserError as error:
        return Section(title, [f"There is nothing to set beside: {error}."])
    measured = thesis_rows(study, table)
    effects = compare_effects(table, [measured])
    prose = [
        "The thesis trained ViT-L-14 with DoRA for 10 epochs in batches of 90, one run a row; here it was "
        f"{spec.get('model')} for {spec.get('epochs')} epochs in batches of {spec.get('batch_size')}.",
        f"Directions of change that agree: {count(effects)}. {RULE}",
        *caveats(table, study.dataset, study.lacking.get("dataset", "")),
    ]
    missing = [f"{row} is missing: {reason}." for row, reason in measured.missing.items() if row in table.values.index]
    return Section(title, [*prose, *missing], [beside(table, measured)])


def beside(table: PublishedTable, measured: Measured) -> Sheet:
    """Give the thesis's values and the study's, row under row."""
    values = compare_values(table, [measured])
    rows = []
    for row in table.values.index:
        cells = [cell for cell in values if cell.row == row]
        rows.append([ROWS[row] or "before training", "thesis", *(cell.published for cell in cells)])
        rows.append([ROWS[row] or "before training", "here", *(_known(cell.measured.mean) for cell in cells)])
    metrics = [label(str(metric)) for metric in table.values.columns]
    return Sheet(f"Table {table.number} of the thesis, and this study", ["loss terms", "where", *metrics], rows)


def thesis_rows(study: Collected, table: PublishedTable) -> Measured:
    """Take the trials at the thesis's combinations; others of the same terms have weights that the search chose."""
    finished = study.finished
    own = set(finished.searched) <= {"terms"}
    chosen = [own or kind == THESIS for kind in groups(finished.trials, finished.about["spec"])]
    before = pd.DataFrame([finished.baseline])
    return measure(finished.directory, finished.about, finished.trials[chosen], before, list(table.values.columns))


def _known(value: float) -> float | None:
    return value if value == value else None
