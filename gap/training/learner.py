"""A model made trainable: what a run, an estimate and a trial step have in common."""

import copy
from dataclasses import dataclass, replace

import peft
import torch
from torch import nn

from gap.models.adapters import adapt, trained_parameters
from gap.models.clip import Clip
from gap.models.load import load_clip
from gap.models.modes import gradient_checkpointing
from gap.models.narrow_strides import go_round_narrow_strides
from gap.training.config import TrialConfig
from gap.training.decay import split_by_decay
from gap.training.gradients import Objective
from gap.training.once import once
from gap.training.step import make_objective
from gap.training.temperature import Temperature


@dataclass(frozen=True)
class Learner:
    """A model on its device with what moves it; ``wrapped`` is PEFT's model of it, where it has adapters."""

    clip: Clip
    wrapped: peft.PeftModel | None
    temperature: Temperature
    optimiser: torch.optim.AdamW
    objective: Objective

    @property
    def trained_parameters(self) -> int:
        """How many numbers the optimiser moves."""
        return sum(parameter.numel() for parameter in trained_parameters(self.clip.model))


def make_learner(config: TrialConfig) -> Learner:
    """Copy the base model, make it trainable, and move it to the run's device; adapters are drawn at random."""
    base = base_clip(config.model, config.pretrained)
    clip = replace(base, model=copy.deepcopy(base.model))  # reading it anew for every run costs seconds
    model = clip.model
    wrapped = adapt(
        model,
        method=config.method,
        rank=config.rank,
        scaling=config.scaling,
        last_n=config.last_n,
        adapt_blocks=config.adapt_blocks,
    )
    gradient_checkpointing(model, enabled=config.gradient_checkpointing)
    go_round_narrow_strides(model)
    model.to(torch.device(config.device), memory_format=torch.channels_last)
    temperature = Temperature(model.logit_scale, policy=config.temperature, temperature_end=config.temperature_end)
    optimiser = make_optimiser(model, lr=config.lr, weight_decay=config.weight_decay)
    objective = make_objective(model, terms=config.term_weights, alpha=config.alpha, beta=config.beta)
    return Learner(clip, wrapped, temperature, optimiser, objective)


def base_clip(name: str, pretrained: str | None) -> Clip:
    """Load a model once in this process; nobody may change it."""
    return once(("clip", name, pretrained), lambda: load_clip(name, pretrained))


def make_optimiser(model: nn.Module, *, lr: float, weight_decay: float) -> torch.optim.AdamW:
    """Make AdamW over what is trained; biases, norms, magnitudes and the temperature do not decay."""
    trained = dict(model.named_parameters())
    decays, stays = ([trained[name] for name in names] for names in split_by_decay(model))
    groups = [{"params": decays, "weight_decay": weight_decay}, {"params": stays, "weight_decay": 0.0}]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, fused=True)
