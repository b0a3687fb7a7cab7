"""The tables of a study, whole after every write: ``epochs.csv``, ``trials.csv``, ``baseline.csv``, ``pareto.csv``.

Each file is written beside its place and then renamed, so a reader, or a study that is killed, never meets half a file.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from gap.data.whole_files import replace_file
from study.blocks import Blocks, Row, by_number
from study.conditions import Condition
from study.csv_text import harmless_table, read_csv
from study.error_bars import with_error_bars
from study.front import Direction, pareto_front
from study.whole_files import GrowingFile

COMMON = ("trial_id", "state", "epoch", "seed", "profile")
# By name, with the better direction; None: neither is.
COSTS: dict[str, Direction | None] = {
    "seconds": "min",
    "train_seconds": "min",
    "images_per_second": "max",
    "data_share": "min",
    "pairs_at_once": None,
    "peak_memory_gb": "min",
    "trained_parameters": "min",
}

Front = dict[str, dict[str, float]]


class Table:
    """One CSV file; of trials that are not among the rows it is given, it keeps the rows that it had."""

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._blocks, self._file = Blocks(columns), GrowingFile(path)

    def write(self, rows: Sequence[Row]) -> None:
        """Write the file with these rows: all those of each trial among them."""
        added = self._blocks.put(rows)
        if added is None or not self._file.grow(added):
            self._file.replace(self._blocks.text())


class Results:
    """The tables of one study and the directory that holds them.

    Columns come in a fixed order: the common ones, the metrics, the loss terms, the parameters, the costs; the table of
    trials has how each ended besides. A parameter that a trial has no use for is empty. Rows that were given stay:
    a later call needs only those of trials that are new or have changed, all rows of such a trial.
    """

    def __init__(
        self,
        directory: Path,
        *,
        objectives: Mapping[str, Direction],
        metrics: Iterable[str],
        terms: Iterable[str] = (),
        parameters: Iterable[str],
        constraints: Sequence[Condition] = (),
    ) -> None:
        self.directory = directory
        self.objectives = dict(objectives)
        self._constraints = tuple(constraints)
        self.columns = [*COMMON, *metrics, *(f"term_{term}" for term in terms), *parameters, *COSTS]
        self.trial_columns = [
            *self.columns,
            "last_epoch",
            "best_epoch",
            *(f"best_{objective}" for objective in objectives),
            "note",
            "error",
        ]
        self._epochs = Table(directory / "epochs.csv", self.columns)
        self._trials = Table(directory / "trials.csv", self.trial_columns)
        self._ended: dict[str, Row] = {}

    def write_epochs(self, rows: Sequence[Row]) -> None:
        """Write ``epochs.csv``; the first epoch 0 there is, the model before training, is ``baseline.csv``."""
        self._epochs.write(rows)
        before = [row for row in rows if row["epoch"] == 0]
        if before and not _has_text(self.directory / "baseline.csv"):
            Table(self.directory / "baseline.csv", self.columns).write(before[:1])

    def write_trials(self, rows: Sequence[Row]) -> Front:
        """Write ``trials.csv`` and ``pareto.csv``; returns the front."""
        self._trials.write(rows)
        self._ended |= {str(row["trial_id"]): row for row in rows}
        judged = ["trial_id", "state", *self.objectives, *(condition.metric for condition in self._constraints)]
        ended = [self._ended[trial] for trial in sorted(self._ended, key=by_number)]
        front = pareto_front(_table(ended, list(dict.fromkeys(judged))), self.objectives, self._constraints)
        members = [self._ended[trial] for trial in front["trial_id"]]
        write_front(self.directory, _table(members, self.columns), self.objectives)
        return front_of(front, self.objectives)


class ReplicateResults:
    """The tables of the runs with other seeds, ``replicates.csv`` and ``replicate_epochs.csv``: rows stay there too."""

    def __init__(self, directory: Path, *, columns: Results) -> None:
        self._directory = directory
        self._results = columns
        names = ("trial_id", "replicate_of")
        self._epochs = Table(directory / "replicate_epochs.csv", [*names, *columns.columns[1:]])
        self._trials = Table(directory / "replicates.csv", [*names, *columns.trial_columns[1:]])

    def write_epochs(self, rows: Sequence[Row]) -> None:
        """Write ``replicate_epochs.csv``."""
        self._epochs.write(rows)

    def write_trials(self, rows: Sequence[Row]) -> Front:
        """Write ``replicates.csv``, and the front again with its error bars; returns the front, without replicates."""
        self._trials.write(rows)
        front = read_csv(self._directory / "pareto.csv")
        write_front(self._directory, front[self._results.columns], self._results.objectives)
        return front_of(front, self._results.objectives)


def front_of(table: pd.DataFrame, objectives: Mapping[str, Direction]) -> Front:
    """Give the objectives of each trial of a front."""
    return {str(row["trial_id"]): {name: float(row[name]) for name in objectives} for row in table.to_dict("records")}


def write_front(directory: Path, front: pd.DataFrame, objectives: Mapping[str, Direction]) -> None:
    """Write ``pareto.csv``, with error bars if there are replicates."""
    path = directory / "replicates.csv"
    replicates = read_csv(path) if _has_text(path) else None
    write_csv(front if replicates is None else with_error_bars(front, replicates, objectives), directory / "pareto.csv")


def _has_text(path: Path) -> bool:
    """Say whether a table is there; one that something emptied is written again from the record."""
    return path.exists() and path.stat().st_size > 0


def _table(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    table: pd.DataFrame = pd.DataFrame([dict(row) for row in rows], columns=list(columns))
    return table


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, all of it or nothing.

    The numbers that ``pandas.read_csv`` reads back are the ones written, to the last bit. A text that a spreadsheet
    would run gets an apostrophe, which ``study.csv_text.read_csv`` takes away.
    """
    replace_file(path, lambda temporary: harmless_table(table).to_csv(temporary, index=False))
