"""A study as it is right now, read again only when a file has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from gap.errors import UserError
from study.blocks import by_number
from study.csv_text import read_csv
from study.finished import Finished, read_finished
from study.naming import check_trial_ids

Row: TypeAlias = Mapping[Any, Any]  # a row of a table, by its columns
FILES = ("study.json", "baseline.csv", "trials.csv", "pareto.csv", "epochs.csv", "hypervolume.csv")
FILES_AFTERWARDS = ("replicates.csv", "pareto_posthoc.csv")


@dataclass(frozen=True)
class Snapshot:
    """What a study's directory holds; tables that are not there yet have no rows."""

    name: str
    study: Finished
    epochs: pd.DataFrame
    growth: pd.DataFrame

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Each trial's values: as they count in the end, or after its latest epoch; by the trials' numbers."""
        running = self.epochs.drop_duplicates("trial_id", keep="last").to_dict("records")
        ended = self.study.trials.to_dict("records")
        rows = {str(row["trial_id"]): row for row in (*running, *ended)}
        return {trial: rows[trial] for trial in sorted(rows, key=by_number)}

    def epochs_of(self, trial: str) -> pd.DataFrame:
        """Give a trial's rows of ``epochs.csv``."""
        own: pd.DataFrame = self.epochs[self.epochs["trial_id"] == trial]
        return own


def stamp(directory: Path) -> tuple[int, ...]:
    """Say when each file of a study last changed, in ns; 0 where it is not there."""
    return tuple(modified(directory / name) for name in (*FILES, *FILES_AFTERWARDS))


def stamps(studies: Sequence[Path]) -> list[str]:
    """Say in what state the files of the studies are; words, as JSON's numbers would lose digits."""
    return [" ".join(map(str, stamp(directory))) for directory in studies]


def modified(path: Path) -> int:
    """Say when a file last changed, in ns; 0 where it is not there."""
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def snapshots(directories: Sequence[Path]) -> list[Snapshot]:
    """Read the studies. Raises ``UserError`` if one of them cannot be read."""
    names = names_of(directories)
    return [_read(directory, name, stamp(directory)) for directory, name in zip(directories, names, strict=True)]


def names_of(directories: Sequence[Path]) -> list[str]:
    """Name studies by their directories, with as many folders above as it takes to tell them apart.

    >>> names_of([Path("old/results/es"), Path("new/results/es"), Path("new/results/en")])
    ['old/results/es', 'new/results/es', 'en']
    """
    parts = [directory.resolve().parts for directory in directories]
    names = []
    for own in parts:
        depth = next((k for k in range(1, len(own)) if sum(other[-k:] == own[-k:] for other in parts) == 1), len(own))
        names.append("/".join(own[-depth:]))
    return names


@lru_cache(maxsize=8)
def _read(directory: Path, name: str, stamp: tuple[int, ...]) -> Snapshot:
    """Read a study; ``stamp`` is there for the cache to tell one state of the files from the next."""
    epochs = _table(directory / "epochs.csv", ["trial_id", "state", "epoch"])
    growth = _table(directory / "hypervolume.csv", ["trials", "trial_id", "hypervolume"])
    return Snapshot(name, read_finished(directory), epochs, growth)


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    if not path.exists():
        empty: pd.DataFrame = pd.DataFrame(columns=list(columns))
        return empty
    try:
        table: pd.DataFrame = read_csv(path, dtype={"trial_id": str, "terms": str})
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error
    if missing := [name for name in columns if name not in table.columns]:
        raise UserError(f"cannot read {path}: no column {', '.join(missing)}")
    try:
        check_trial_ids(table["trial_id"].unique())
    except ValueError as error:
        raise UserError(f"cannot read {path}: {error}") from error
    return table
