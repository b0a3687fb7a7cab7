"""``precision: auto`` becomes a precision, once for all trials of a study."""

from pathlib import Path

from rich.console import Console

from gap.training.config import TrialConfig
from gap.training.precision import choose_precision
from study.searcher import first_parameters
from study.space import StudySpec
from study.trainable import trial_parameters, trial_settings


def settle_precision(spec: StudySpec, *, data: Path, device: str, console: Console) -> StudySpec:
    """Decide what ``auto`` stands for by steps of the first trial, say so, and put it into the study."""
    if spec.precision != "auto":
        return spec
    fixed = trial_parameters(spec, data=data, device=device) | {"precision": "fp32"}
    first = {**fixed, **first_parameters(spec.search, spec.enqueue)}
    choice = choose_precision(TrialConfig.model_validate(trial_settings(first)))
    console.print(f"precision auto: {choice.precision} ({choice.reason})", highlight=False, soft_wrap=True)
    return spec.model_copy(update={"precision": choice.precision})
