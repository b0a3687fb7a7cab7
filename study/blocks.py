"""The text of a CSV file in blocks of rows, one a trial, each put into words only when it has changed.

A study of a thousand trials writes some ten thousand rows of more than a hundred columns after every epoch; all but a
few are the rows of trials that ended long ago.
"""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from study.csv_text import harmless

Row = Mapping[str, bool | int | float | str | None]


class Blocks:
    r"""The rows of a table by their ``trial_id``; a block that is put again takes the place of the one before.

    Blocks stand in the order of the trials' numbers, whenever they are put. A value is written so that
    ``pandas.read_csv`` reads back the same number, to the last bit; None and NaN are empty. A text that is a
    formula to a spreadsheet gets an apostrophe.

    >>> table = Blocks(["trial_id", "epoch", "loss"])
    >>> table.put([{"trial_id": "t010", "epoch": 0}])
    b't010,0,\n'
    >>> table.put([{"trial_id": "t002", "epoch": 0, "loss": 0.1}])  # not at the end
    >>> print(table.text().decode(), end="")
    trial_id,epoch,loss
    t002,0,0.1
    t010,0,
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self._columns = list(columns)
        self._texts: dict[str, bytes] = {}
        self._last = ""

    def put(self, rows: Iterable[Row]) -> bytes | None:
        """Take the rows of some trials, all rows of a trial together.

        Returns what this has added at the end of the text, None where it has changed anything before the end.
        """
        added: list[bytes] | None = []
        for trial, own in groupby(rows, key=lambda row: str(row["trial_id"])):
            before, now = self._texts.get(trial, b""), _lines([row.get(name) for name in self._columns] for row in own)
            if now == before:
                continue
            self._last = max(self._last, trial, key=by_number)
            at_end = self._last == trial and now.startswith(before)
            added = None if added is None or not at_end else [*added, now[len(before) :]]
            self._texts[trial] = now
        return None if added is None else b"".join(added)

    def text(self) -> bytes:
        """Give the whole file."""
        return b"".join(
            [_lines([self._columns]), *(self._texts[trial] for trial in sorted(self._texts, key=by_number))]
        )


def by_number(trial: str) -> tuple[int, str]:
    """Sort names of trials by their numbers.

    >>> sorted(["t1000", "t999", "t007"], key=by_number)
    ['t007', 't999', 't1000']
    """
    return len(trial), trial


def _lines(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        ["" if value is None or value != value else harmless(value) for value in row] for row in rows
    )
    return text.getvalue().encode()
