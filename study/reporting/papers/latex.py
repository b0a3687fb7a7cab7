r"""``tables/``: LaTeX with booktabs, a ``tabular`` a file, to be taken in with ``\input``."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pandas as pd

from gap.errors import UserError
from study.effects import term_effects
from study.published import published_table
from study.reporting.collect import Collected
from study.reporting.front import front_in_words
from study.reporting.importance import effects_in_words
from study.reporting.thesis import beside, thesis_rows
from study.reporting.trials import trials_in_words
from study.whole_files import replace_file
from study.words import brief

HEAD = "% needs \\usepackage{booktabs}"
UNSUITED = ("note", "error", "seconds", "epoch")
# Signs that a plain pdfLaTeX does not know, in words that it does.
PLAIN = {"◆": "(knee)", "±": "+/-", "→": "to", "–": "-", "−": "-"}


def latex(table: pd.DataFrame) -> str:
    r"""Write a table as a ``tabular`` whose texts say what they say, whatever signs they hold.

    Numbers have four significant digits and stand to the right; what is missing is a dash.

    >>> print(latex(pd.DataFrame({"R@1 (%)": [51.23456], "loss_terms": ["ce & 5_%"]})))
    % needs \usepackage{booktabs}
    \begin{tabular}{rl}
    \toprule
    R@1 (\%) & loss\_terms \\
    \midrule
    51.23 & ce \& 5\_\% \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    form = "".join("r" if pd.api.types.is_numeric_dtype(kind) else "l" for kind in table.dtypes)
    words: pd.DataFrame = table.astype(object).map(_word)
    words.columns = pd.Index([_plain(str(name)) for name in table.columns])
    return f"{HEAD}\n{words.to_latex(index=False, escape=True, column_format=form)}"


def _word(value: object) -> str:
    return "-" if value is None or value != value else _plain(brief(value))


def _plain(text: str) -> str:
    """Keep to one line and to signs that LaTeX's usual encodings know."""
    for sign, words in PLAIN.items():
        text = text.replace(sign, words)
    return " ".join("".join(sign if sign.isprintable() and ord(sign) < 0x250 else " " for sign in text).split())


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
