"""Answers for scripts: JSON and CSV."""

import csv
import io
import json
from dataclasses import asdict
from typing import Any

from study.csv_text import harmless
from study.retrieval.answer import Answer
from study.retrieval.query import TextQuery

COLUMNS = ("trial_id", "rank", "score", "id", "keywords", "caption", "split", "images")


def rows_of(answer: Answer) -> list[dict[str, Any]]:
    """Give a row a hit, under ``COLUMNS``."""
    pairs = zip(answer.chosen, answer.found, strict=True)
    rows = [{"trial_id": chosen.trial, **asdict(hit)} for chosen, found in pairs for hit in found.hits]
    return [{name: row[name] for name in COLUMNS} for row in rows]


def as_json(answer: Answer) -> str:
    """Write what was asked and all hits, texts as they are."""
    about = {
        "study": str(answer.study),
        "profile": answer.profile,
        "query": answer.query.label,
        "read_as": answer.query.text if isinstance(answer.query, TextQuery) else None,
        "cut_after": answer.cut_after,
        "to": answer.to,
        "split": answer.split,
        "searched": answer.found[0].searched,
        "indexed": answer.found[0].indexed,
        "licence": answer.licence,
    }
    return json.dumps({**about, "results": rows_of(answer)}, indent=1, ensure_ascii=False)


def as_csv(answer: Answer) -> str:
    """Write a row a hit; a text that a spreadsheet would take for a formula gets an apostrophe before it."""
    file = io.StringIO()
    writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows_of(answer):
        writer.writerow({name: harmless(value) for name, value in row.items()})
    return file.getvalue()
