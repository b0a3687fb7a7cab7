"""Histograms of cosines of every trial and epoch, one table a trial: ``cosines/<trial>.csv``."""

from pathlib import Path

import pandas as pd

from gap.errors import UserError
from study.results import write_csv
from study.seen import Cosines

COLUMNS = ["epoch", "kind", "cosine", "count"]


def cosines_path(directory: Path, trial: str) -> Path:
    """Say where a trial's counts are."""
    return directory / "cosines" / f"{trial}.csv"


def add_cosines(directory: Path, trial: str, epoch: int, cosines: Cosines) -> None:
    """Add an epoch's counts to a trial's table, unless they are there; ``cosine`` is the middle of a bin."""
    if not cosines:
        return
    path = cosines_path(directory, trial)
    table = read_cosines(directory, trial)
    if epoch in set(table["epoch"]):
        return
    rows = [
        (epoch, kind, round((2 * i + 1) / len(counts) - 1, 6), count)
        for kind, counts in cosines.items()
        for i, count in enumerate(counts)
        if count
    ]
    added: pd.DataFrame = pd.DataFrame(rows, columns=COLUMNS)
    write_csv(pd.concat([table, added]) if len(table) else added, path)


def read_cosines(directory: Path, trial: str) -> pd.DataFrame:
    """Read a trial's counts: of each epoch and kind of pairs, the bins that hold any; no rows where none were taken.

    Raises ``UserError`` if the table cannot be read.
    """
    path = cosines_path(directory, trial)
    if not path.exists():
        empty: pd.DataFrame = pd.DataFrame(columns=COLUMNS)
        return empty
    try:
        table: pd.DataFrame = pd.read_csv(path)[COLUMNS]
    except (OSError, ValueError, KeyError) as error:
        raise UserError(
            f"cannot read {path}: {' '.join(str(error).split())}; delete it, and its later epochs are counted anew"
        ) from error
    return table
