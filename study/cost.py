"""What a study costs: its largest trial planned with and without gradient checkpointing, and timed."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from gap.models.at_hand import weights_at_hand
from gap.models.load import OWN
from gap.training.config import TrialConfig
from gap.training.plan.trial import TrialPlan, plan_trial
from study.data_size import DataSize
from study.device import Device
from study.estimate import Estimate, measured, predicted
from study.searcher import first_parameters
from study.space import StudySpec
from study.trainable import trial_parameters, trial_settings

GROW = ("rank", "last_n", "adapt_blocks", "batch_size")  # the larger one of these, the more a trial takes
OTHERWISE = ("method", "gradient_checkpointing", "precision", "epochs")


@dataclass(frozen=True)
class Cost:
    """The planned trial; by ``gradient_checkpointing`` its plan and its time, which are missing where there are none.

    ``measured`` tells whether the times are those of steps made here.
    """

    config: TrialConfig
    plans: Mapping[bool, TrialPlan]
    times: Mapping[bool, Estimate]
    measured: bool

    @property
    def plan(self) -> TrialPlan:
        """The plan of the trial as it is set."""
        return self.plans[self.config.gradient_checkpointing]

    def chunk(self, device: Device, *, checkpointing: bool) -> int:
        """Give the pairs in memory at once: as set, the batch, or what ``auto`` would take; 1 at the least."""
        return planned_chunk(self.config, self.plans[checkpointing], device)

    @property
    def time(self) -> Estimate:
        """The time of the trial as it is set."""
        return self.times[self.config.gradient_checkpointing]


def planned_chunk(config: TrialConfig, plan: TrialPlan, device: Device) -> int:
    """Give the pairs of a planned step that are in memory at once."""
    asked = plan.memory.largest_chunk(device.budget) if config.chunk_size == "auto" else config.chunk_size
    return max(min(config.batch_size if asked is None else asked, config.batch_size), 1)


def largest_trial(spec: StudySpec, *, data: Path | None, device: Literal["cpu", "cuda"]) -> TrialConfig:
    """Give the settings of the first trial, with the greatest rank, number of blocks and batch that are searched.

    A precision that is to be settled is what a GPU would take.
    """
    largest: dict[str, Any] = {name: max(spec.search[name].extremes()) for name in GROW if name in spec.search}
    common = trial_parameters(spec, data=data or Path(), device=device)
    if spec.precision == "auto":
        largest["precision"] = "bf16" if device == "cuda" else "fp32"
    settings = {**common, **first_parameters(spec.search, spec.enqueue), **largest}
    return TrialConfig.model_validate(trial_settings(settings))


def varying(spec: StudySpec) -> list[str]:
    """Name what is searched and changes a trial's cost otherwise than by its size."""
    return [name for name in OTHERWISE if name in spec.search]


def target_of(spec: StudySpec, *, profile: str, here: str) -> Literal["cpu", "cuda"]:
    """Tell what to plan for: a GPU, unless none is here and the study runs on the processor.

    That is so for our own small models, and for a rehearsal whose weights are at hand.
    """
    on_cpu = spec.model in OWN or (profile == "rehearsal" and weights_at_hand(spec.model, spec.pretrained))
    return "cpu" if here == "cpu" and on_cpu else "cuda"


def study_cost(config: TrialConfig, data: DataSize, device: Device, *, here: str) -> Cost:
    """Plan a trial both ways, and time it: by steps if all that they need is here and they fit, else by their work."""
    plans = {config.gradient_checkpointing: plan_trial(config, like=config.device)}
    other = config.model_copy(update={"gradient_checkpointing": not config.gradient_checkpointing})
    with suppress(AssertionError):  # how timm says that an architecture cannot recompute
        plans[other.gradient_checkpointing] = plan_trial(other, like=config.device)
    chunks = {way: planned_chunk(config, plan, device) for way, plan in plans.items()}
    as_set = config.gradient_checkpointing
    fits = config.device == "cpu" or plans[as_set].memory.peak(chunks[as_set]) <= device.budget
    if fits and can_be_measured(config, data, here=here):
        return Cost(config, plans, {config.gradient_checkpointing: measured(config)}, measured=True)
    times = {
        way: predicted(config, data, device, flops=plan.step.flops, chunk=chunks[way]) for way, plan in plans.items()
    }
    return Cost(config, plans, times, measured=False)


def can_be_measured(config: TrialConfig, data: DataSize, *, here: str) -> bool:
    """Tell whether the trial's device, data and weights are here."""
    return config.device == here and data.path is not None and weights_at_hand(config.model, config.pretrained)
