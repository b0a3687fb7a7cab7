"""Answers for a terminal: a table that stays readable in 80 columns, and without control codes in a pipe."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from gap.errors import visible
from study.retrieval.answer import Answer
from study.retrieval.hits import Hit, moved

WIDTH = 80


def show_answer(answer: Answer, console: Console) -> None:
    """Print who was asked what, and the answers: of one trial as a row a hit, of two side by side."""
    for line in (*answer.asked(), *answer.lines()):
        console.print(Text(visible(line)))
    console.print(_one(answer.found[0].hits) if len(answer.found) == 1 else _beside(answer))
    console.print(Text(visible(answer.licence), style="dim"))


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
        table.add_row(f"{hit.rank}", f"{hit.score:.3f}", Text(visible(hit.id)), hit.split, Text(visible(hit.words)))
    return table


def _beside(answer: Answer) -> Table:
    """Lay two trials side by side; in the second, where the first had the same answer."""
    table = _table()
    for chosen in answer.chosen:
        table.add_column(chosen.trial, overflow="fold", ratio=1)
    before, after = (found.hits for found in answer.found)
    for one, other, note in zip(before, after, moved(before, after), strict=True):
        table.add_row(f"{one.rank}", _cell(one, ""), _cell(other, f" ({note})"))
    return table


def _cell(hit: Hit, note: str) -> Text:
    return Text.assemble(f"{hit.score:.3f} {visible(hit.id)}{note}\n", (visible(hit.words), "bold"))
