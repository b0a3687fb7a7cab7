"""A study that began earlier, opened to go on with it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gap.errors import UserError
from gap.metrics import VERSION
from gap.training.settings import EARLIER
from study.about import metrics_version, read_study_json
from study.space import StudySpec

# Budgets may change between one run of the command and the next; what a trial is may not.
BUDGETS = frozenset({"trials", "hours", "patience", "max_failed_share", "restarts", "replicates"})


def read_about(directory: Path) -> dict[str, Any]:
    """Read ``study.json``. Raises ``UserError`` if the directory holds no study that can be resumed."""
    try:
        about: dict[str, Any] = read_study_json(directory)
        _ = about["spec"], about["profile"], about["data"]["path"], about["hardware"]["device"]
        _ = about["run_id"], about["optuna_study"], about["storage"], about["storage_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"--resume {directory}: no study is there, cannot read study.json ({error})") from error
    return about


def check_record(directory: Path, about: Mapping[str, Any]) -> None:
    """Make sure that a study's own record is there before the tables are made anew from it.

    Raises ``UserError`` if it is empty or gone while the tables have rows: an SQLite file that is not there would be
    made, and the tables would be emptied.
    """
    record, table = directory / "optuna.db", directory / "trials.csv"
    if about["storage"] or (record.exists() and record.stat().st_size):
        return
    if _has_text(table):
        raise UserError(
            f"--resume {directory}: the record of its trials, {record}, is gone, and the tables cannot replace it: put "
            "a copy of it back, or begin anew under another --name"
        )


def _has_text(path: Path) -> bool:
    return path.exists() and path.stat().st_size > 0


def check_metrics(directory: Path, about: Mapping[str, Any]) -> None:
    """Make sure that new trials are measured as the old ones were: one front of two definitions would say nothing.

    Raises ``UserError`` if a table has rows that another version of the metrics measured.
    """
    measured = any(_has_text(directory / name) for name in ("epochs.csv", "trials.csv"))
    if measured and (then := metrics_version(about)) != VERSION:
        commit = f", commit {about['git_commit']}" if about.get("git_commit") else ""
        raise UserError(
            f"--resume {directory}: its trials were measured by version {then} of the metrics, and this is version "
            f"{VERSION} (results/README.md says what changed): begin anew under another --name, or go on with the "
            f"code that began it{commit}"
        )


def resumed_spec(about: Mapping[str, Any], changes: Mapping[str, Any]) -> StudySpec:
    """Return the spec of a study that goes on, with new budgets; what it did not note is as it was then.

    Raises ``UserError`` on any other change.
    """
    if fixed := sorted(set(changes) - BUDGETS):
        raise UserError(
            f"--resume: {fixed[0]} is part of the study and stays as it is; {', '.join(sorted(BUDGETS))} may change"
        )
    try:
        return StudySpec.model_validate({**EARLIER, **about["spec"], **changes})
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UserError(f"--resume: {where}: {first['msg']}, got {first['input']!r}") from error


def resume_command(directory: Path) -> str:
    """Give the command that goes on with a study.

    >>> resume_command(Path("results/arasaac_es"))
    'python study/run.py --resume results/arasaac_es'
    """
    shown = directory.relative_to(Path.cwd()) if directory.is_relative_to(Path.cwd()) else directory
    return f"python study/run.py --resume {shown}"
