"""How the hypervolume of a study grows, trial by trial: ``hypervolume.csv`` and a curve in TensorBoard."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from optuna.trial import FrozenTrial

from study.conditions import all_hold
from study.curves import Curves
from study.hypervolume import hypervolume, reference_point
from study.ledger import epochs_of
from study.results import write_csv
from study.space import StudySpec
from study.tables import Tables

COLUMNS = ("trials", "trial_id", "state", "hypervolume", "epochs", "train_seconds")


class Growth:
    """The hypervolume after every trial that ended, in the order in which they did."""

    def __init__(self, directory: Path, spec: StudySpec, tables: Tables, curves: Curves) -> None:
        self._path = directory / "hypervolume.csv"
        self._spec = spec
        self._tables = tables
        self._curves = curves
        self._shown = len(pd.read_csv(self._path)) if self._path.exists() else 0
        self.states: list[str] = []
        self.hypervolumes: list[float] = []

    def write(self, ended: Sequence[FrozenTrial]) -> None:
        """Write the table anew, and the curve's new points."""
        table = growth_table(ended, self._spec, self._tables)
        self.states, self.hypervolumes = table["state"].tolist(), table["hypervolume"].tolist()
        write_csv(table, self._path)
        for row in table.iloc[self._shown :].itertuples():
            self._curves.add("study", int(row.trials), {"hypervolume": float(row.hypervolume)})
        self._shown = len(table)


def growth_table(ended: Sequence[FrozenTrial], spec: StudySpec, tables: Tables) -> pd.DataFrame:
    """Give a row an ended trial: the hypervolume of what was complete by then, and the epochs and seconds spent.

    Only trials that ran to their end and break no constraint count. The reference point is the model before training.
    """
    objectives = spec.objectives
    counted: list[list[float]] = []
    rows: list[tuple[int, str, str, float, int, float]] = []
    epochs, seconds = 0, 0.0
    reference: dict[str, float] | None = None
    for trial in ended:
        row, reports = tables.trials([trial])[0], epochs_of(trial)
        if reference is None and reports:
            reference = reference_point(reports[0], objectives, spec.reference)
        if row["state"] == "COMPLETE" and all_hold(spec.conditions, row):
            counted.append([float(row[name]) for name in objectives])
        epochs += reports[-1]["epoch"] if reports else 0
        seconds += reports[-1]["train_seconds"] if reports else 0.0
        values = np.array(counted, dtype=np.float64).reshape(-1, len(objectives))
        volume = hypervolume(values, list(objectives.values()), list(reference.values())) if reference else 0.0
        rows.append((len(rows) + 1, row["trial_id"], row["state"], volume, epochs, seconds))
    table: pd.DataFrame = pd.DataFrame(rows, columns=list(COLUMNS))
    return table
