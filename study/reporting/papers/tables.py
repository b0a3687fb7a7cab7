"""``tables/``: what a paper prints of a study, in LaTeX."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from gap.data.whole_files import replace_file
from gap.errors import UserError
from study.effects import term_effects
from study.published import published_table
from study.reporting.collect import Collected
from study.reporting.front import front_in_words
from study.reporting.importance import effects_in_words
from study.reporting.papers.latex import latex
from study.reporting.thesis import beside, thesis_rows
from study.reporting.trials import trials_in_words

UNSUITED = ("note", "error", "seconds", "epoch")


def _front(study: Collected) -> pd.DataFrame | None:
    return front_in_words(study) if len(study.front) else None


def _trials(study: Collected) -> pd.DataFrame | None:
    if not len(study.finished.trials):
        return None
    shown = trials_in_words(study)
    kept: pd.DataFrame = shown.drop(columns=[name for name in UNSUITED if name in shown])
    return kept


def _effects(study: Collected) -> pd.DataFrame | None:
    found = term_effects(study.finished.trials, study.finished.objectives)
    return effects_in_words(found) if len(found) else None


def _thesis(study: Collected) -> pd.DataFrame | None:
    spec = study.finished.about["spec"]
    try:
        table = published_table(str(spec.get("dataset")), str(spec.get("language")))
    except UserError:
        return None
    sheet = beside(table, thesis_rows(study, table))
    both: pd.DataFrame = pd.DataFrame(sheet.rows, columns=list(sheet.columns))
    return both


TABLES: Mapping[str, Callable[[Collected], pd.DataFrame | None]] = {
    "front": _front,
    "trials": _trials,
    "term_effects": _effects,
    "thesis": _thesis,
}


def write_tables(study: Collected, directory: Path) -> None:
    """Write the tables; one without rows is taken away if an earlier report left it."""
    for name, make in TABLES.items():
        table, path = make(study), directory / f"{name}.tex"
        if table is None:
            path.unlink(missing_ok=True)
        else:
            _write(path, latex(table))


def _write(path: Path, text: str) -> None:
    replace_file(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))
