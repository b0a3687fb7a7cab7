"""Optuna's samplers by the name that a space gives them, each seeded.

A sampler is made anew for every value that it proposes, from a seed of its own: what is proposed depends on the study's
seed, the number of the trial, the name of the parameter and the trials that have ended, never on what the process did
before. A study that is killed and resumed therefore asks the same questions and gets the same answers.
"""

import inspect
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import optuna
from optuna.samplers import BaseSampler

from gap.errors import UserError, unknown

# A grid's points are in the study's queue from the beginning: nothing is left to propose.
SAMPLERS: dict[str, Callable[..., BaseSampler]] = {
    "tpe": optuna.samplers.TPESampler,
    "nsga2": optuna.samplers.NSGAIISampler,
    "nsga3": optuna.samplers.NSGAIIISampler,
    "gp": optuna.samplers.GPSampler,
    "random": optuna.samplers.RandomSampler,
    "grid": optuna.samplers.RandomSampler,
}


def make_sampler(name: str, *, seed: int, options: Mapping[str, Any] | None = None) -> BaseSampler:
    """Make a sampler. Raises ``UserError`` on an unknown name or option.

    >>> type(make_sampler("nsga2", seed=0, options={"population_size": 8})).__name__
    'NSGAIISampler'
    """
    check_options(name, options or {})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return SAMPLERS[name](seed=seed, **(options or {}))


def check_options(name: str, options: Mapping[str, Any]) -> None:
    """Raise ``UserError`` unless there is a sampler ``name`` that takes ``options``."""
    if name not in SAMPLERS:
        raise unknown("sampler", name, SAMPLERS)
    allowed = set(inspect.signature(SAMPLERS[name]).parameters) - {"seed", "constraints_func"}
    for option in options:
        if option not in allowed:
            raise UserError(f"sampler {name}: {unknown('option', option, sorted(allowed))}")


def seed_of(seed: int, number: int, name: str = "") -> int:
    """Give the seed of one question: the value of parameter ``name`` in trial ``number``.

    >>> seed_of(0, 3, "alpha") == seed_of(0, 3, "alpha"), seed_of(0, 3, "alpha") == seed_of(0, 4, "alpha")
    (True, False)
    """
    return int(np.random.SeedSequence([seed, number, *name.encode()]).generate_state(1)[0])
