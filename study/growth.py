"""How the hypervolume of a study grows, trial by trial: ``hypervolume.csv`` and a curve in TensorBoard."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial

from study.conditions import all_hold
from study.hypervolume import hypervolume, reference_point
from study.ledger import epochs_of
from study.live.curves import Curves
from study.results import write_csv
from study.space import StudySpec
from study.tables import Tables

COLUMNS = ("trials", "trial_id", "state", "hypervolume", "epochs", "train_seconds")


class Growth:
    """The hypervolume after every trial that ended, in the order in which they did.

    Only trials that ran to their end and break no constraint count. The reference point is the model before training.
    """

    def __init__(self, directory: Path, spec: StudySpec, tables: Tables, curves: Curves) -> None:
        self._path = directory / "hypervolume.csv"
        self._spec = spec
        self._tables = tables
        self._curves = curves
        self._shown = _rows(self._path)
        self._begin()

    def write(self, ended: Sequence[FrozenTrial]) -> None:
        """Write the table, and the curve's new points. Of trials that it has seen nothing is worked out again."""
        if [trial.number for trial in ended[: len(self._seen)]] != self._seen:
            self._begin()  # another machine's trial had ended before some of these
        for trial in ended[len(self._seen) :]:
            self._add(trial)
        table: pd.DataFrame = pd.DataFrame(self._rows, columns=list(COLUMNS))
        write_csv(table, self._path)
        for row in table.iloc[self._shown :].itertuples():
            self._curves.add("study", int(row.trials), {"hypervolume": float(row.hypervolume)})
        self._shown = len(table)

    @property
    def states(self) -> list[str]:
        """How every trial ended."""
        return [row[2] for row in self._rows]

    @property
    def hypervolumes(self) -> list[float]:
        """The hypervolume after every trial."""
        return [row[3] for row in self._rows]

    def _begin(self) -> None:
        self._seen: list[int] = []
        self._rows: list[tuple[int, str, str, float, int, float]] = []
        self._counted: list[list[float]] = []
        self._reference: dict[str, float] | None = None
        self._epochs, self._seconds = 0, 0.0

    def _add(self, trial: FrozenTrial) -> None:
        objectives = self._spec.objectives
        row, reports = self._tables.trials([trial])[0], epochs_of(trial)
        if self._reference is None and reports:
            self._reference = reference_point(reports[0], objectives, self._spec.reference)
        if row["state"] == "COMPLETE" and all_hold(self._spec.conditions, row):
            self._counted.append([float(row[name]) for name in objectives])
        self._epochs += reports[-1]["epoch"] if reports else 0
        self._seconds += reports[-1]["train_seconds"] if reports else 0.0
        self._seen.append(trial.number)
        volume = self._volume()
        self._rows.append((len(self._seen), row["trial_id"], row["state"], volume, self._epochs, self._seconds))

    def _volume(self) -> float:
        if self._reference is None:
            return 0.0
        values = np.array(self._counted, dtype=np.float64).reshape(-1, len(self._spec.objectives))
        return hypervolume(values, list(self._spec.objectives.values()), list(self._reference.values()))


def _rows(path: Path) -> int:
    """Count the rows of a table that is written anew anyhow; none if it cannot be read."""
    try:
        return len(pd.read_csv(path))
    except (OSError, ValueError):
        return 0
