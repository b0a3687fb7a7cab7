"""What Ray runs for one trial."""

import gc
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from ray import tune
from ray.tune import Checkpoint

from gap.errors import UnavailableError, UserError
from gap.training.config import TrialConfig
from gap.training.errors import NonFiniteError, out_of_memory
from gap.training.fit import fit
from gap.training.settings import TrainingSettings
from gap.training.state import read_state
from study.checkpoints import ADAPTER, STATE, check_whole
from study.faults import fault_in
from study.policy import CountingEpoch
from study.seen import Seen
from study.selection import score_of
from study.space import WEIGHT_PREFIX, StudySpec

# Keys of a report beside a trial's values: why it failed by its own numbers, or for want of what all trials need.
FAILURE, FAULT, NOTE, COSINES = "failure", "fault", "note", "cosines"
ABOUT_TRIAL = frozenset({"number", "spared", "checkpoints"})


def trial_parameters(spec: StudySpec, *, data: Path, device: str) -> dict[str, Any]:
    """Give what every trial of a study has in common: its training settings, its data, its seed, its device."""
    settings = {name: getattr(spec, name) for name in TrainingSettings.model_fields}
    return {**settings, "data": str(data), "seed": spec.seed, "device": device}


def trial_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a trial's parameters into training settings: ``weight_<term>`` becomes an entry of ``weights``.

    >>> trial_settings({"rank": 4, "weight_variance": 0.5, "weights": {"ce": 2.0}, "number": 3})
    {'rank': 4, 'weights': {'ce': 2.0, 'variance': 0.5}}
    """
    weights = {key.removeprefix(WEIGHT_PREFIX): value for key, value in config.items() if key.startswith(WEIGHT_PREFIX)}
    rest = {k: v for k, v in config.items() if not k.startswith(WEIGHT_PREFIX) and k not in ABOUT_TRIAL}
    return {**rest, "weights": {**config.get("weights", {}), **weights}}


def run_trial(config: dict[str, Any], objective_epoch: CountingEpoch) -> None:
    """Fit one model and report every epoch to Ray Tune, each with a checkpoint.

    ``config`` holds the trial's parameters, its ``number`` and the ``checkpoints`` that it may go on from. A run that
    fails by its own numbers reports why and ends, and so does one that lacks what every trial needs. One that runs out
    of memory with one pair at a time is begun again once, from its last epoch, with gradient checkpointing. Whatever
    else is raised is left to Ray, which runs the trial again in a new process.
    """
    # Ray gives the trial its share of the processors in OMP_NUM_THREADS; a worker that is used again keeps torch's.
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", torch.get_num_threads())))
    try:
        _run(config, objective_epoch)
    except Exception as error:
        # What writes the checkpoints does not always say where.
        if (fault := fault_in(error, f"{tempfile.gettempdir()} or of the study's checkpoints")) is None:
            raise
        tune.report({FAULT: fault})


def _run(config: dict[str, Any], objective_epoch: CountingEpoch) -> None:
    settings = TrialConfig.model_validate(trial_settings(config))
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        notes = restore(candidates(config), Path(folder))
        while True:
            try:
                _train(settings, Path(folder), objective_epoch, notes)
                return
            except UnavailableError:
                raise
            except (NonFiniteError, UserError) as error:
                failure = str(error)
            except Exception as error:
                if not (failure := out_of_memory(error)):
                    raise
                if not settings.gradient_checkpointing:
                    notes.append(f"{failure}: begun again with gradient checkpointing")
                    failure = ""
            if failure:
                tune.report({FAILURE: failure, NOTE: "; ".join(notes)})
                return
            settings = settings.model_copy(update={"gradient_checkpointing": True})
            gc.collect()
            torch.cuda.empty_cache()


def _train(settings: TrialConfig, work: Path, objective_epoch: CountingEpoch, notes: list[str]) -> None:
    state = work / STATE
    kept = len(read_state(state)["reports"]) if state.exists() else 1  # epoch 0 needs no checkpoint
    seen, score = Seen(work), score_of(objective_epoch)
    for report in fit(settings, work / ADAPTER, state_file=state, score=score, look=seen.look, note=notes.append):
        epoch = int(report["epoch"])
        checkpoint = Checkpoint.from_directory(work) if epoch >= kept else None
        tune.report({**report, COSINES: seen.cosines(epoch), NOTE: "; ".join(notes)}, checkpoint=checkpoint)


def candidates(config: Mapping[str, Any]) -> list[Checkpoint]:
    """List where a trial may go on from, best first: what Ray gives a trial whose process died, what a leg left."""
    own = tune.get_checkpoint()
    return [*([own] if own else []), *(Checkpoint(path) for path in config["checkpoints"])]


def restore(checkpoints: Sequence[Checkpoint], work: Path) -> list[str]:
    """Copy the first checkpoint that can be read into an empty folder; says which could not."""
    notes = []
    for checkpoint in checkpoints:
        try:
            checkpoint.to_directory(str(work))
            check_whole(work)
        except (UserError, OSError) as error:
            notes.append(f"{error}: not used")
            for left in work.iterdir():
                shutil.rmtree(left) if left.is_dir() else left.unlink()
        else:
            break
    return notes
