"""What is kept of a study while it runs: tables, curves, adapters of the front, and what the terminal shows."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from gap.metrics import METRICS
from study.curves import Curves
from study.display import Display
from study.results import COSTS, Results
from study.space import StudySpec
from study.trainable import trial_id

TRAINING_VALUES = ("loss", "logit_scale", "last_lr", *(f"train_recall_at_{k}" for k in (1, 5, 10)))


class Recorder(Callback):  # type: ignore[misc]
    """Ray tells it of every epoch and every end of a trial; after each, the study's directory is whole."""

    def __init__(self, spec: StudySpec, *, profile: str, results: Results, curves: Curves, display: Display) -> None:
        self._spec = spec
        self._profile = profile
        self._results = results
        self._curves = curves
        self._display = display
        self._last: dict[str, dict[str, Any]] = {}
        self._best: dict[str, dict[str, Any]] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Give Ray nothing to pickle beside its trials: what is recorded is in the study's own files."""
        return {}

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Show a trial that starts."""
        self._display.start(trial_id(trial.config["number"]), parameters(self._spec, trial.config))

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Record an epoch."""
        name = trial_id(trial.config["number"])
        values = {key: value for key, value in result.items() if is_value(key)}
        row = self._row(trial, "RUNNING", result["epoch"], values)
        self._last[name] = row
        if result["epoch"] > 0:
            self._best[name] = better(self._best.get(name), row, self._spec)
        self._results.add_epoch(row)
        self._curves.add(name, result["epoch"], values)
        self._display.epoch(name, result["epoch"], values)

    def on_trial_complete(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Record a trial that came to its end."""
        self._end(trial, "COMPLETE", "")

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Record a trial that failed, with its reason in one line."""
        self._end(trial, "FAIL", reason(trial))

    def _end(self, trial: Trial, state: str, error: str) -> None:
        name = trial_id(trial.config["number"])
        last = self._last.get(name) or self._row(trial, state, 0, {})
        best = self._best.get(name, {})
        at_best = {f"best_{metric}": best.get(metric) for metric in self._spec.objectives}
        row = {**last, "state": state, "best_epoch": best.get("epoch"), **at_best, "error": error}
        front = self._results.end_trial(row)
        if self._spec.keep_adapters == "front":
            keep_adapters(self._results.directory / "adapters", front)
        self._curves.end(name)
        self._display.end(name, state, error, front)

    def _row(self, trial: Trial, state: str, epoch: int, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "trial_id": trial_id(trial.config["number"]),
            "state": state,
            "epoch": epoch,
            "seed": self._spec.seed,
            "profile": self._profile,
            **parameters(self._spec, trial.config),
            **values,
        }


def is_value(name: str) -> bool:
    """Tell a trial's own numbers from what Ray adds to a report."""
    return name in METRICS or name in TRAINING_VALUES or name in COSTS or name.startswith("term_")


def parameters(spec: StudySpec, config: Mapping[str, Any]) -> dict[str, Any]:
    """Give a trial's parameters: searched ones first; None for a searched one that its loss terms have no use for."""
    fixed = [name for name in type(spec).model_fields if name in config and name != "weights"]
    names = [*spec.search, *(name for name in fixed if name not in spec.search and name != "seed")]
    unused = {name for name, dimension in spec.search.items() if not dimension.applies(config["terms"])}
    return {name: None if name in unused else config[name] for name in names}


def better(best: dict[str, Any] | None, row: dict[str, Any], spec: StudySpec) -> dict[str, Any]:
    """Choose between two epochs of one trial by the first objective; the earlier one on a tie."""
    if best is None:
        return row
    first, direction = next(iter(spec.objectives.items()))
    sign = 1 if direction == "max" else -1
    return row if sign * row[first] > sign * best[first] else best


def reason(trial: Trial) -> str:
    """Give the last line of what a trial raised."""
    error = trial.get_error()
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__


def keep_adapters(adapters: Path, front: set[str]) -> None:
    """Remove the adapters of trials that are not on the front."""
    for directory in adapters.iterdir() if adapters.is_dir() else ():
        if directory.name not in front:
            shutil.rmtree(directory)
