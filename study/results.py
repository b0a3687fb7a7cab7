"""The tables of a study, whole after every write: ``epochs.csv``, ``trials.csv``, ``baseline.csv``, ``pareto.csv``.

Each file is written beside its place and then renamed, so a reader, or a study that is killed, never meets half a file.
"""

import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

import pandas as pd

from study.front import Direction, pareto_front

COMMON = ("trial_id", "state", "epoch", "seed", "profile")
COSTS = ("seconds", "train_seconds", "images_per_second", "peak_memory_gb", "trained_parameters")

Row = Mapping[str, bool | int | float | str | None]


class Results:
    """The tables of one study and the directory that holds them.

    Columns come in a fixed order: the common ones, the metrics, the loss terms, the parameters, the costs; the table
    of trials has ``best_epoch``, ``best_<objective>`` and ``error`` besides. A parameter that a trial has no use for is
    empty.
    """

    def __init__(
        self,
        directory: Path,
        *,
        objectives: Mapping[str, Direction],
        metrics: Iterable[str],
        terms: Iterable[str] = (),
        parameters: Iterable[str],
    ) -> None:
        self.directory = directory
        self._objectives = dict(objectives)
        self._columns = [*COMMON, *metrics, *(f"term_{term}" for term in terms), *parameters, *COSTS]
        self._epochs: list[Row] = []
        self._trials: dict[str, Row] = {}

    def add_epoch(self, row: Row) -> None:
        """Record one epoch of one trial; epoch 0 of the first trial is the baseline, the model before training."""
        self._epochs.append(row)
        epochs = self._table(self._epochs)
        write_csv(epochs, self.directory / "epochs.csv")
        if row["epoch"] == 0 and not (self.directory / "baseline.csv").exists():
            write_csv(epochs.tail(1), self.directory / "baseline.csv")

    def end_trial(self, row: Row) -> set[str]:
        """Record how a trial ended, with the values of its last epoch; returns the trials now on the front."""
        self._trials[str(row["trial_id"])] = row
        best = ["best_epoch", *(f"best_{objective}" for objective in self._objectives)]
        trials = self._table(self._trials.values(), *best, "error")
        front = pareto_front(trials, self._objectives)
        write_csv(trials, self.directory / "trials.csv")
        write_csv(front[self._columns], self.directory / "pareto.csv")
        return set(front["trial_id"])

    def _table(self, rows: Iterable[Row], *more: str) -> pd.DataFrame:
        table: pd.DataFrame = pd.DataFrame([dict(row) for row in rows], columns=[*self._columns, *more])
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
