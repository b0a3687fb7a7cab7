"""Where a run stands after an epoch, on disk: all that its next epoch depends on, in one file.

A run that goes on from its state gives the numbers of a run that was never interrupted, to the last bit on a CPU.
"""

import pickle
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn

from gap.data.whole_files import replace_file
from gap.errors import UserError
from gap.training.config import TrialConfig
from gap.training.decay import split_by_axes, split_by_decay
from gap.training.settings import UNSET

# May differ between a state and the run that goes on from it: where things are, and what changes memory or time alone.
MAY_DIFFER = frozenset({"data", "device", "gradient_checkpointing", "cache_prefix", "chunk_size", "compile"})

Report = dict[str, int | float]


def save_state(
    path: Path,
    *,
    config: TrialConfig,
    reports: Sequence[Report],
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> None:
    """Write the state after the last of ``reports`` (one an epoch, from 0 on), all of it or nothing."""
    state = {
        "config": _identity(config),
        "reports": list(reports),
        "trained": {name: parameter.detach() for name, parameter in _moving(model)},
        "optimiser": optimiser.state_dict(),
        "optimised": split_by_decay(model),  # whose states these are, in their order
        "schedule": schedule.state_dict(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None,
    }
    replace_file(path, lambda temporary: torch.save(state, temporary))


def load_state(
    path: Path,
    *,
    config: TrialConfig,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> list[Report]:
    """Put a run back where ``save_state`` left it and return the reports of its epochs.

    Raises ``UserError`` if the file is damaged, or another configuration's.
    """
    state = read_state(path)
    written = {**UNSET, **state["config"]}
    if differing := [name for name, value in _identity(config).items() if written.get(name) != value]:
        name = differing[0]
        was, now = written.get(name), _identity(config)[name]
        raise UserError(f"{path} holds a run with {name} {was!r}, not {now!r}")
    with torch.no_grad():
        for name, parameter in _moving(model):
            parameter.copy_(state["trained"][name])
    optimiser.load_state_dict(_in_todays_order(state, model, path))
    schedule.load_state_dict(state["schedule"])
    torch.set_rng_state(state["random"])
    if state["random_cuda"] is not None and torch.cuda.is_initialized():
        torch.cuda.set_rng_state(state["random_cuda"])
    reports: list[Report] = state["reports"]
    return reports


def _in_todays_order(state: Mapping[str, Any], model: nn.Module, path: Path) -> dict[str, Any]:
    """Return the optimiser's state for the groups that there are now; earlier versions grouped by axes.

    Raises ``UserError`` where that would change what decays in the middle of a run.
    """
    saved: dict[str, Any] = state["optimiser"]
    was = [group for group in state.get("optimised", split_by_axes(model)) if group]
    now = [group for group in split_by_decay(model) if group]
    if was == now:
        return saved
    if any(group["weight_decay"] for group in saved["param_groups"]):
        raise UserError(f"{path} holds a run of an earlier version, which decayed other parameters: begin it anew")
    place = {name: number for number, name in enumerate(chain(*was))}
    order = [place[name] for name in chain(*now)]
    common, ends = saved["param_groups"][0], list(accumulate(map(len, now), initial=0))
    return {
        "state": {new: saved["state"][old] for new, old in enumerate(order) if old in saved["state"]},
        "param_groups": [{**common, "params": list(range(*span))} for span in pairwise(ends)],
    }


def read_state(path: Path) -> dict[str, Any]:
    """Read a state file; only tensors and plain values are accepted. Raises ``UserError`` if it is damaged."""
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        _ = state["config"], state["reports"], state["trained"], state["optimiser"], state["schedule"], state["random"]
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{path} holds no state of a run: {' '.join(str(error).split())[:160] or 'it ends too early'}"
        ) from error
    return state


def _identity(config: TrialConfig) -> dict[str, Any]:
    return config.model_dump(mode="json", exclude=set(MAY_DIFFER))


def _moving(model: nn.Module) -> list[tuple[str, nn.Parameter]]:
    """Give what training moves: the optimiser's parameters, and the temperature, which a policy may move."""
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad or name == "logit_scale"]
