"""What Ray runs for one trial."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from ray import tune

from gap.training.config import TrialConfig
from gap.training.fit import fit
from gap.training.settings import TrainingSettings
from study.space import WEIGHT_PREFIX, StudySpec


def trial_id(number: int) -> str:
    """Name a trial by its number in the Optuna study.

    >>> trial_id(7)
    't007'
    """
    return f"t{number:03d}"


def trial_parameters(spec: StudySpec, *, data: Path, device: str) -> dict[str, Any]:
    """Give what every trial of a study has in common: its training settings, its data, its seed, its device."""
    settings = {name: getattr(spec, name) for name in TrainingSettings.model_fields}
    return {**settings, "data": str(data), "seed": spec.seed, "device": device}


def trial_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a trial's parameters into training settings: ``weight_<term>`` becomes an entry of ``weights``.

    >>> trial_settings({"rank": 4, "weight_variance": 0.5, "weights": {"ce": 2.0}})
    {'rank': 4, 'weights': {'ce': 2.0, 'variance': 0.5}}
    """
    weights = {key.removeprefix(WEIGHT_PREFIX): value for key, value in config.items() if key.startswith(WEIGHT_PREFIX)}
    settings = {key: value for key, value in config.items() if not key.startswith(WEIGHT_PREFIX)}
    return {**settings, "weights": {**config.get("weights", {}), **weights}}


def run_trial(config: dict[str, Any], adapters: Path) -> None:
    """Fit one model and report every epoch to Ray Tune. ``config`` holds the trial's ``number`` and its parameters."""
    # Ray gives the trial its share of the processors in OMP_NUM_THREADS; a worker that is used again keeps torch's.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    number = config["number"]
    settings = trial_settings({key: value for key, value in config.items() if key != "number"})
    for metrics in fit(TrialConfig.model_validate(settings), adapters / trial_id(number)):
        tune.report(metrics)
