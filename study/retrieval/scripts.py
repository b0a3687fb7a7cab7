"""Answers for scripts: JSON and CSV."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from study.retrieval.hits import Hit

COLUMNS = ("trial_id", "rank", "score", "id", "keywords", "caption", "split", "images")
# A spreadsheet takes what begins with one of these for a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def rows_of(answers: Mapping[str, Sequence[Hit]]) -> list[dict[str, Any]]:
    """Give a row an answer, under ``COLUMNS``."""
    found = [{"trial_id": trial, **asdict(hit)} for trial, hits in answers.items() for hit in hits]
    return [{name: row[name] for name in COLUMNS} for row in found]


def as_json(about: Mapping[str, Any], answers: Mapping[str, Sequence[Hit]]) -> str:
    """Write what was asked and all answers, texts as they are."""
    return json.dumps({**about, "results": rows_of(answers)}, indent=1, ensure_ascii=False)


def as_csv(answers: Mapping[str, Sequence[Hit]]) -> str:
    """Write a row an answer; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows_of(answers):
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return file.getvalue()


def harmless(value: Any) -> Any:
    """Put an apostrophe before a text that is a formula to a spreadsheet.

    >>> harmless("=1+1"), harmless("hat"), harmless(-0.5)
    ("'=1+1", 'hat', -0.5)
    """
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
