"""What finished studies measured for the rows of the thesis's tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from gap.errors import UserError
from study.about import metrics_version, read_study_json
from study.csv_text import read_csv
from study.paired import Paired, paired
from study.published import BEFORE, ROWS

# What studies may differ in and still be runs of the same experiment.
OWN = {"seed", "keep_adapters", "rehearsal"}


@dataclass(frozen=True)
class Measured:
    """One study: what it was, its values by row of the thesis, and why rows are missing."""

    directory: Path
    about: dict[str, Any]
    values: pd.DataFrame
    missing: dict[str, str]

    @property
    def spec(self) -> dict[str, Any]:
        """The resolved configuration."""
        spec: dict[str, Any] = self.about["spec"]
        return spec

    def value(self, row: str, metric: str) -> float:
        """Give one value; NaN where it is missing."""
        return float(self.values[metric].astype(float)[row])


def read_study(directory: Path, metrics: Sequence[str]) -> Measured:
    """Read the model before training and the trials of a study, each after its last epoch, as ``measure`` does.

    Raises ``UserError`` if there is no study, or one that searches for more than the loss terms.
    """
    try:
        about = read_study_json(directory)
        searched = set(about["spec"]["search"])
        _ = about["profile"], about["spec"]["seed"], about["data"]["data_hash"], about["data"]["split_hash"]
        trials, baseline = (_table(directory / f"{name}.csv") for name in ("trials", "baseline"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{directory} holds no study whose first trial has ended: {_reason(error)}") from error
    if searched - {"terms"}:
        raise UserError(
            f"{directory} searches for {', '.join(sorted(searched - {'terms'}))}: expected a study of the loss terms "
            "alone, such as thesis_es.yaml's"
        )
    return measure(directory, about, trials, baseline, metrics)


def measure(
    directory: Path, about: dict[str, Any], trials: pd.DataFrame, baseline: pd.DataFrame, metrics: Sequence[str]
) -> Measured:
    """Pick the rows of the thesis's tables out of a study's trials and its model before training.

    Of trials with the same loss terms the first that is complete counts. A value that is not finite is missing.
    """
    values = pd.DataFrame(np.nan, index=list(ROWS), columns=list(metrics))
    missing: dict[str, str] = {}
    for row, terms in ROWS.items():
        found = baseline if terms is None else _trials_of(trials, terms, about["spec"].get("terms", ""))
        complete = found if terms is None else found[found["state"] == "COMPLETE"]
        if len(complete):
            values.loc[row] = complete.iloc[0].reindex(list(metrics)).astype(float)
        elif len(found):
            missing[row] = f"{found.iloc[0]['trial_id']} failed: {found.fillna('').iloc[0].get('error', '')}"
        else:
            missing[row] = "not among its trials" if "ended" in about else "not run: the study did not come to its end"
    return Measured(directory, about, values.where(np.isfinite(values)), missing)


def _table(path: Path) -> pd.DataFrame:
    table: pd.DataFrame = read_csv(path)
    if not {"trial_id", "state"} <= set(table.columns):
        raise ValueError(f"{path.name} has no columns trial_id and state")
    return table


def _trials_of(trials: pd.DataFrame, terms: str, fixed: str) -> pd.DataFrame:
    """Select the trials with these loss terms, in whatever order they are written."""
    own = trials["terms"] if "terms" in trials else pd.Series(fixed, index=trials.index)
    found: pd.DataFrame = trials[[set(str(one).split("+")) == set(terms.split("+")) for one in own]]
    return found


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"study.json has no {error}"
    return " ".join(str(error).split()) or type(error).__name__


def check_same(studies: Sequence[Measured]) -> None:
    """Raise ``UserError`` unless the studies are runs of one experiment that differ in their seeds."""
    first = studies[0]
    for other in studies[1:]:
        pairs = {
            "profile": (first.about["profile"], other.about["profile"]),
            "the version of the metrics": (metrics_version(first.about), metrics_version(other.about)),
            **{name: (value, other.spec.get(name)) for name, value in first.spec.items() if name not in OWN},
            **{name: (first.about["data"][name], other.about["data"][name]) for name in ("data_hash", "split_hash")},
            "caption_rule": (first.about["data"].get("caption_rule"), other.about["data"].get("caption_rule")),
        }
        for name, (one, another) in pairs.items():
            if one != another:
                raise UserError(
                    f"{first.directory} and {other.directory} differ in {name} ({one} and {another}): expected "
                    "studies that differ in their seed alone"
                )
    by_seed: dict[int, Path] = {}
    for study in studies:
        if (seed := study.spec["seed"]) in by_seed:
            raise UserError(
                f"{by_seed[seed]} and {study.directory} have the same seed, {seed}: expected different ones"
            )
        by_seed[seed] = study.directory


@dataclass(frozen=True)
class Estimate:
    """A mean over ``n`` runs with its standard error; NaN where there is no run, or only one."""

    mean: float
    error: float
    n: int


def mean_and_error(values: Sequence[float]) -> Estimate:
    """Give the mean of what is finite and s/√n with s² = Σ(v − mean)²/(n − 1).

    >>> mean_and_error([1.0, 3.0, float("nan")])
    Estimate(mean=2.0, error=1.0, n=2)
    """
    finite = np.array([value for value in values if np.isfinite(value)])
    n = len(finite)
    mean = float(finite.mean()) if n else float("nan")
    return Estimate(mean, float(finite.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan"), n)


def row_value(studies: Sequence[Measured], row: str, metric: str) -> Estimate:
    """Average a row's value over studies."""
    return mean_and_error([study.value(row, metric) for study in studies])


def row_change(studies: Sequence[Measured], row: str, metric: str, reference: str = BEFORE) -> Paired:
    """Compare a row with another one of the same study, a pair a study: of several, each has a seed of its own."""
    one, other = ({study.spec.get("seed"): study.value(name, metric) for study in studies} for name in (row, reference))
    return paired(one, other)
