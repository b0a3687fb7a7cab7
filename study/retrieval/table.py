"""Answers for a terminal: a table that stays readable in 80 columns, and without control codes in a pipe."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from study.open_trial import BASELINE
from study.retrieval.hits import Hit

WIDTH = 80


def plain(text: str) -> str:
    """Replace what is no visible sign, such as a terminal's control codes, by spaces.

    >>> plain("red\\x1b[31m\\nhat")
    'red [31m hat'
    """
    return "".join(sign if sign.isprintable() else " " for sign in text)


def show_hits(answers: Mapping[str, Sequence[Hit]], console: Console) -> None:
    """Print the answers of one trial as a row a hit, those of two side by side."""
    console.print(_one(*answers.values()) if len(answers) == 1 else _beside(answers))


def _table() -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("", justify="right", no_wrap=True)
    return table


def _one(hits: Sequence[Hit]) -> Table:
    table = _table()
    table.add_column("cosine", justify="right", no_wrap=True)
    table.add_column("id", overflow="fold", max_width=24)
    table.add_column("split", no_wrap=True)
    table.add_column("keywords", overflow="fold")
    for hit in hits:
        table.add_row(f"{hit.rank}", f"{hit.score:.3f}", Text(plain(hit.id)), hit.split, Text(_keywords(hit)))
    return table


def _beside(answers: Mapping[str, Sequence[Hit]]) -> Table:
    """Lay two trials side by side; in the second, where the first had the same answer."""
    table = _table()
    for trial in answers:
        table.add_column(trial, overflow="fold", ratio=1)
    first, second = answers.values()
    before = {(hit.row, hit.caption): hit.rank for hit in first}
    for one, other in zip(first, second, strict=True):
        was = before.get((other.row, other.caption))
        table.add_row(f"{one.rank}", _cell(one, ""), _cell(other, f" (was {was})" if was else " (new)"))
    return table


def _cell(hit: Hit, note: str) -> Text:
    return Text.assemble(f"{hit.score:.3f} {plain(hit.id)}{note}\n", (_keywords(hit), "bold"))


def _keywords(hit: Hit) -> str:
    return plain(hit.keywords) + (f" (and {hit.images - 1} more)" if hit.images > 1 else "")
