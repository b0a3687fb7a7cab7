"""A study's results directory as it is read afterwards; a part that is not there yet is empty."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pandas as pd

from gap.errors import UserError
from study.about import read_study_json
from study.csv_text import read_csv
from study.front import Direction
from study.naming import check_trial_ids


@dataclass(frozen=True)
class Finished:
    """What a study left: ``study.json``, its tables, the model before training, the post-hoc front."""

    directory: Path
    about: dict[str, Any]
    objectives: dict[str, Direction]
    baseline: dict[str, float]
    trials: pd.DataFrame
    front: pd.DataFrame
    replicates: pd.DataFrame
    posthoc: pd.DataFrame

    @property
    def searched(self) -> list[str]:
        """The parameters that were searched."""
        return list(self.about["spec"].get("search") or {})

    def adapter(self, trial: str) -> Path | None:
        """Give the directory of what a trial trained; None if it was not kept."""
        path = self.directory / "adapters" / trial
        return path if path.is_dir() else None


def read_finished(directory: Path) -> Finished:
    """Read a study that has ended, or that still runs.

    Raises ``UserError`` if ``study.json`` is missing or says nothing of objectives, or a table cannot be read.
    """
    try:
        about = read_study_json(directory)
        objectives = dict(about["spec"]["objectives"])
        if not objectives or set(objectives.values()) - {"max", "min"}:
            raise ValueError("its objectives are not names with max or min")
        _ = dict(about["spec"].get("search") or {})
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"it has no {error}" if isinstance(error, KeyError) else " ".join(str(error).split())
        raise UserError(f"{directory} holds no study: cannot read study.json ({reason})") from error
    columns = ["trial_id", "state", *objectives]
    before = read_table(directory / "baseline.csv", []).select_dtypes("number")
    return Finished(
        directory,
        about,
        objectives,
        baseline={str(name): float(before[name].iloc[0]) for name in before} if len(before) else {},
        trials=read_table(directory / "trials.csv", columns),
        front=read_table(directory / "pareto.csv", columns),
        replicates=read_table(directory / "replicates.csv", [*columns, "replicate_of", "seed"]),
        posthoc=read_table(directory / "pareto_posthoc.csv", ["trial_id", "method", "strength"]),
    )


def read_table(path: Path, columns: list[str]) -> pd.DataFrame:
    """Read a table that has at least ``columns``; without the file, give one without rows."""
    if not path.exists():
        empty: pd.DataFrame = pd.DataFrame(columns=columns)
        return empty
    try:
        table: pd.DataFrame = read_csv(path, dtype={"trial_id": str, "replicate_of": str, "terms": str})
        if missing := [name for name in columns if name not in table.columns]:
            raise ValueError(f"no column {', '.join(missing)}")
        for name in {"trial_id", "replicate_of"} & set(table.columns):
            check_trial_ids(table[name])
        numbers = [name for name in columns if name not in ("trial_id", "state", "replicate_of", "method")]
        table[numbers] = table[numbers].astype(float)
        if "seed" in columns and table["seed"].isna().any():
            raise ValueError("a run without a seed")
        whole: pd.DataFrame = table.copy()  # a column as it is read is a block of its own, and adding to many is slow
        return whole
    except (OSError, ValueError) as error:
        raise UserError(f"cannot read {path}: {' '.join(str(error).split())}") from error


def load_optuna_study(study: Finished) -> optuna.Study:
    """Load the Optuna study of the search; the file may hold others beside it.

    Raises ``UserError`` that says why there is none.
    """
    path = study.directory / "optuna.db"
    if not path.is_file():  # SQLite would make one
        raise UserError(f"{study.directory} has no optuna.db")
    storage = f"sqlite:///{path}"
    name = str(study.about.get("optuna_study", study.directory.resolve().name))
    try:
        names = optuna.get_all_study_names(storage)
        if len(names) == 1:
            name = names[0]  # whatever the directory is called by now
        if name not in names:
            raise UserError(f"{path} holds no study {name}")
        loaded = optuna.load_study(study_name=name, storage=storage)
    except UserError:
        raise
    except Exception as error:  # whatever SQLite, SQLAlchemy or Optuna make of a file that is not theirs
        reason = (str(error).splitlines() or [""])[0] or type(error).__name__
        raise UserError(f"cannot read {path}: {reason}") from error
    if len(loaded.directions) != len(study.objectives):
        raise UserError(f"{path} has {len(loaded.directions)} objectives, study.json {len(study.objectives)}")
    return loaded
