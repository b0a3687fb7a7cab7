"""One row of the benchmarks' table: how much of a peer's time or memory something takes."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.table import Table


@dataclass(frozen=True)
class Row:
    """``ratio`` is what ``name`` took over what ``peer`` took, within ``low`` and ``high``; ``note`` says the rest."""

    name: str
    peer: str
    ratio: float
    low: float
    high: float
    note: str = ""


def ratio_row(name: str, peer: str, ours: Sequence[float], theirs: Sequence[float], note: str = "") -> Row:
    """Compare what both took in the same rounds: the median of the rounds' ratios, their quartiles as low and high.

    >>> ratio_row("ours", "theirs", [1.0, 2.0, 9.0], [2.0, 2.0, 3.0])
    Row(name='ours', peer='theirs', ratio=1.0, low=0.75, high=2.0, note='')
    """
    low, ratio, high = np.quantile(np.array(ours) / np.array(theirs), [0.25, 0.5, 0.75]).tolist()
    return Row(name, peer, ratio, low, high, note)


def single_row(name: str, peer: str, ratio: float, note: str) -> Row:
    """Give a ratio that was measured once: it has no spread, and ``note`` begins by saying so."""
    return Row(name, peer, ratio, ratio, ratio, f"once; {note}")


def make_table(rows: Sequence[Row]) -> Table:
    """Lay the rows out for a terminal."""
    table = Table(box=None, pad_edge=False)
    for column in ("", "beside", "ratio", "low", "high", ""):
        table.add_column(column, justify="right" if column in ("ratio", "low", "high") else "left", overflow="fold")
    for row in rows:
        table.add_row(row.name, row.peer, *(f"{value:.3g}" for value in (row.ratio, row.low, row.high)), row.note)
    return table


def write_json(rows: Sequence[Row], path: Path) -> None:
    """Write the rows' names and numbers; a reader finds the notes in the table."""
    names = ("name", "peer", "ratio", "low", "high")
    path.write_text(json.dumps([{name: getattr(row, name) for name in names} for row in rows], indent=1) + "\n")
