"""What happens to the temperature while a model is trained: it drives the gap (Yaras et al. 2025).

The parameter is CLIP's ``logit_scale`` = ln s, where s = 1/temperature multiplies the cosines.
"""

import math
from collections.abc import Callable

import torch
from torch import nn

from gap.errors import unknown

MAX_LOGIT_SCALE = math.log(100)  # CLIP's own bound


def learned(logit_scale: nn.Parameter, start: float, end: float, progress: float) -> None:
    """Leave the optimiser's value, clamped to [0, ln 100] as CLIP does.

    A model that comes with more, as SigLIP's do, may keep what it came with.

    >>> scale = nn.Parameter(torch.tensor(9.0))
    >>> learned(scale, 0.0, 0.0, 0.5)
    >>> round(scale.exp().item(), 3)
    100.0
    """
    with torch.no_grad():
        logit_scale.clamp_(0, max(start, MAX_LOGIT_SCALE))


def frozen(logit_scale: nn.Parameter, start: float, end: float, progress: float) -> None:
    """Keep the value that the model came with.

    >>> scale = nn.Parameter(torch.tensor(2.0))
    >>> frozen(scale, 2.0, 0.0, 0.5)
    >>> scale.item()
    2.0
    """
    with torch.no_grad():
        logit_scale.fill_(start)


def scheduled(logit_scale: nn.Parameter, start: float, end: float, progress: float) -> None:
    """Go from the model's own value to ``end`` on a straight line in ln s; ``progress`` runs from 0 to 1.

    >>> scale = nn.Parameter(torch.tensor(4.0))
    >>> scheduled(scale, 4.0, 2.0, 0.25)
    >>> scale.item()
    3.5
    """
    with torch.no_grad():
        logit_scale.fill_(start + (end - start) * progress)


def fixed(logit_scale: nn.Parameter, start: float, end: float, progress: float) -> None:
    """Hold ``end`` from the first step on, whatever the model came with.

    Source: Yaras et al. 2025, the temperature fixed at a large value.

    >>> scale = nn.Parameter(torch.tensor(4.0))
    >>> fixed(scale, 4.0, 2.0, 0.0)
    >>> scale.item()
    2.0
    """
    with torch.no_grad():
        logit_scale.fill_(end)


POLICIES: dict[str, Callable[[nn.Parameter, float, float, float], None]] = {
    "learned": learned,
    "frozen": frozen,
    "scheduled": scheduled,
    "fixed": fixed,
}


class Temperature:
    """A policy at work on one model's ``logit_scale``.

    ``temperature_end`` is where a scheduled temperature ends and a fixed one stays. Only a learned one is given to the
    optimiser. The parameter keeps the model's value until ``step``. Raises ``UserError`` on an unknown policy.

    >>> scale = nn.Parameter(torch.tensor(4.0))
    >>> temperature = Temperature(scale, policy="scheduled", temperature_end=1.0)
    >>> temperature.step(1.0)
    >>> scale.item(), scale.requires_grad
    (0.0, False)
    """

    def __init__(self, logit_scale: nn.Parameter, *, policy: str, temperature_end: float) -> None:
        if policy not in POLICIES:
            raise unknown("temperature policy", policy, POLICIES)
        self._logit_scale = logit_scale
        self._policy = POLICIES[policy]
        self._start = logit_scale.item()
        self._end = -math.log(temperature_end)
        logit_scale.requires_grad_(policy == "learned")

    def step(self, progress: float) -> None:
        """Set the value after the share ``progress`` of all optimiser steps, in [0, 1]: 0 before the first."""
        self._policy(self._logit_scale, self._start, self._end, progress)
