"""The tables of a study, whole after every write: ``epochs.csv``, ``trials.csv``, ``baseline.csv``, ``pareto.csv``.

Each file is written beside its place and then renamed, so a reader, or a study that is killed, never meets half a file.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from study.conditions import Condition
from study.error_bars import with_error_bars
from study.front import Direction, pareto_front

COMMON = ("trial_id", "state", "epoch", "seed", "profile")
COSTS = (
    "seconds",
    "train_seconds",
    "images_per_second",
    "data_share",
    "pairs_at_once",
    "peak_memory_gb",
    "trained_parameters",
)

Row = Mapping[str, bool | int | float | str | None]


class Results:
    """The tables of one study and the directory that holds them.

    Columns come in a fixed order: the common ones, the metrics, the loss terms, the parameters, the costs; the table of
    trials has how each ended besides. A parameter that a trial has no use for is empty.
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

    def write_epochs(self, rows: Sequence[Row]) -> None:
        """Write ``epochs.csv``; the first epoch 0 there is, the model before training, is ``baseline.csv``."""
        write_csv(_table(rows, self.columns), self.directory / "epochs.csv")
        before = [row for row in rows if row["epoch"] == 0]
        if before and not (self.directory / "baseline.csv").exists():
            write_csv(_table(before[:1], self.columns), self.directory / "baseline.csv")

    def write_trials(self, rows: Sequence[Row]) -> set[str]:
        """Write ``trials.csv`` and ``pareto.csv``; returns the trials on the front."""
        trials = _table(rows, self.trial_columns)
        front = pareto_front(trials, self.objectives, self._constraints)
        write_csv(trials, self.directory / "trials.csv")
        write_front(self.directory, front[self.columns], self.objectives)
        return set(front["trial_id"])


class ReplicateResults:
    """The tables of the runs with other seeds: ``replicates.csv``, ``replicate_epochs.csv``."""

    def __init__(self, directory: Path, *, columns: Results) -> None:
        self._directory = directory
        self._results = columns

    def write_epochs(self, rows: Sequence[Row]) -> None:
        """Write ``replicate_epochs.csv``."""
        columns = ["trial_id", "replicate_of", *self._results.columns[1:]]
        write_csv(_table(rows, columns), self._directory / "replicate_epochs.csv")

    def write_trials(self, rows: Sequence[Row]) -> set[str]:
        """Write ``replicates.csv``, and the front again with its error bars; no replicate is on the front."""
        columns = ["trial_id", "replicate_of", *self._results.trial_columns[1:]]
        write_csv(_table(rows, columns), self._directory / "replicates.csv")
        front = pd.read_csv(self._directory / "pareto.csv")
        write_front(self._directory, front[self._results.columns], self._results.objectives)
        return set()


def write_front(directory: Path, front: pd.DataFrame, objectives: Mapping[str, Direction]) -> None:
    """Write ``pareto.csv``, with error bars if there are replicates."""
    path = directory / "replicates.csv"
    replicates = pd.read_csv(path) if path.exists() else None
    write_csv(front if replicates is None else with_error_bars(front, replicates, objectives), directory / "pareto.csv")


def _table(rows: Sequence[Row], columns: Sequence[str]) -> pd.DataFrame:
    table: pd.DataFrame = pd.DataFrame([dict(row) for row in rows], columns=list(columns))
    return table


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV, all of it or nothing.

    The numbers that ``pandas.read_csv`` reads back are the ones written, to the last bit.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    try:
        table.to_csv(temporary, index=False)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
