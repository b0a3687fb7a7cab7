"""What a study would do, without doing it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console

from gap.data import PairDataset
from gap.training.config import TrialConfig
from study.estimate import estimate
from study.searcher import first_parameters
from study.space import StudySpec
from study.trainable import trial_settings


def show_plan(
    spec: StudySpec, fixed: Mapping[str, Any], dataset: PairDataset, directory: Path, console: Console
) -> None:
    """Print the resolved study, what a trial trains and how long the study would take, from steps made now."""
    resolved = spec.model_dump(mode="json", exclude={"rehearsal"})
    console.print(yaml.safe_dump(resolved, sort_keys=False, allow_unicode=True), highlight=False, markup=False)
    first = {**fixed, **first_parameters(spec.search, spec.enqueue)}
    cost = estimate(TrialConfig.model_validate(trial_settings(first)))
    hours, rest = divmod(round(cost.seconds(trials=spec.trials, epochs=spec.epochs)), 3600)
    lines = {
        "data": f"{dataset.name} ({dataset.language}): {len(dataset.train)} train, {len(dataset.test)} test images",
        "trained": f"{cost.trained_parameters:,} of {cost.all_parameters:,} parameters "
        f"({first['method']}, rank {first['rank']})",
        "step": f"{cost.seconds_per_step:.2f} s for {first['batch_size']} pairs, {cost.steps_per_epoch} steps an epoch",
        "evaluation": f"{cost.seconds_per_evaluation:.1f} s after each epoch",
        "memory": f"{cost.peak_memory_gb:.1f} GB at most",
        "time": f"about {hours} h {rest / 60:.0f} min for {spec.trials} trials of {spec.epochs} epochs",
        "results": str(directory),
    }
    for name, text in lines.items():
        console.print(f"{name + ':':<12}{text}", highlight=False, markup=False, soft_wrap=True)
