"""Texts in CSV files: what a spreadsheet would run as a formula gets an apostrophe, which our own readers take away."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
from pandas.api.types import is_bool_dtype, is_numeric_dtype

_FORMULA = re.compile(r"'*[=+\-@\t\n]")  # with apostrophes before it, so that taking one away gives the text back

_TORN = {ord("\r"): "\n", 0: "\ufffd"}


def harmless(value: Any) -> Any:
    """Put an apostrophe before a text that is a formula to a spreadsheet; numbers stay numbers, written as text too.

    A carriage return becomes a line's end, and a NUL the sign for what cannot be shown: both would tear the table.

    >>> harmless("=1+1"), harmless("hat"), harmless(-0.5), harmless("-0.5")
    ("'=1+1", 'hat', -0.5, '-0.5')
    """
    if not isinstance(value, str):
        return value
    text = value.replace("\r\n", "\n").translate(_TORN)
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def original(value: Any) -> Any:
    """Take away the apostrophe that ``harmless`` put there.

    >>> [original(harmless(text)) for text in ("=1+1", "'=1+1", "'tis", "-1")]
    ['=1+1', "'=1+1", "'tis", '-1']
    """
    return value[1:] if isinstance(value, str) and value.startswith("'") and _FORMULA.match(value) else value


def harmless_table(table: pd.DataFrame) -> pd.DataFrame:
    """Make every text of a table harmless."""
    return _mapped(table, harmless)


def read_csv(path: Path, **options: Any) -> pd.DataFrame:
    """Read a table as ``pandas.read_csv`` does, its texts as they were before they were made harmless."""
    return _mapped(pd.read_csv(path, **options), original)


def _mapped(table: pd.DataFrame, change: Any) -> pd.DataFrame:
    texts = [name for name in table if not (is_numeric_dtype(table[name]) or is_bool_dtype(table[name]))]
    changed: pd.DataFrame = table.copy()
    for name in texts:
        changed[name] = table[name].map(change, na_action="ignore")
    return changed


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
