"""The two parts of a study: the search, then the front once more with other seeds."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.trial import TrialState
from ray.tune.schedulers import TrialScheduler

from gap.data import PairDataset
from gap.metrics import METRICS
from study.checkpoints import Checkpoints
from study.display import Display
from study.ending import Ending
from study.grid import grid_points
from study.growth import Growth
from study.guarded import Guarded
from study.kept import Kept
from study.ledger import Ledger, epochs_of
from study.live.board import Board
from study.live.curves import Curves
from study.naming import REPLICATED, SEARCHED, trial_id
from study.policy import SamplerChoice
from study.recorder import Recorder
from study.resources import Share
from study.results import ReplicateResults, Results
from study.scheduling.mo_asha import MOASHA
from study.searcher import StudySearch, defaults
from study.space import StudySpec
from study.stopping import enough_trials, no_growth, too_many_failures
from study.tables import TRAINING_VALUES, Tables, parameters
from study.tuning import run_trials


@dataclass(frozen=True)
class Setting:
    """Where and with what the trials of a study run; ``fixed`` holds the settings that all of them have."""

    directory: Path
    profile: str
    dataset: PairDataset
    fixed: Mapping[str, Any]
    checkpoints: Checkpoints
    share: Share
    concurrent: int
    ending: Ending
    display: Display


def run_search(spec: StudySpec, ledger: Ledger, setting: Setting) -> str | None:
    """Run the trials of a search, those that were left running first; returns why it is over, None if it is not."""
    points = [{**defaults(spec.search), **point} for point in spec.enqueue]
    if spec.sampler.name == "grid":
        points += [p for p in grid_points(spec.search, terms=spec.terms, seed=spec.seed) if p not in points]
    for i, point in enumerate(points):
        ledger.enqueue(str(i), point)

    tables = Tables(spec, profile=setting.profile, fixed=setting.fixed)
    curves = Curves(setting.directory / "tensorboard")
    growth = Growth(setting.directory, spec, tables, curves)
    board = Board(curves, setting.dataset)
    board.describe(spec, parameters(spec, setting.fixed))
    recorder = Recorder(
        spec,
        setting.directory,
        ledger=ledger,
        tables=tables,
        results=lay_out(spec, setting),
        checkpoints=setting.checkpoints,
        board=board,
        growth=growth,
        kept=Kept(setting.directory),
        display=setting.display,
    )

    def why_end() -> str | None:
        return (
            enough_trials(len(ledger.begun()), spec.trials)
            or no_growth(growth.hypervolumes, spec.patience)
            or too_many_failures(growth.states, spec.max_failed_share)
        )

    return _run(spec, ledger, setting, recorder, spec.sampler, why_end, SEARCHED, early_stopping(spec, ledger))


def run_replicates(spec: StudySpec, ledger: Ledger, searched: Ledger, setting: Setting) -> str | None:
    """Run every trial of the front again with ``replicates`` other seeds; returns why it is over, None if it is not."""
    front = set(pd.read_csv(setting.directory / "pareto.csv")["trial_id"])
    for trial in searched.trials():
        if (name := trial_id(trial.number)) in front:
            for k in range(1, spec.replicates + 1):
                ledger.enqueue(f"{name}/{k}", trial.params, replicate_of=name, seed=spec.seed + k)
    setting.display.begin("re-run", len(ledger.trials()))

    recorder = Recorder(
        spec,
        setting.directory,
        ledger=ledger,
        tables=Tables(spec, profile=setting.profile, fixed=setting.fixed, prefix=REPLICATED),
        results=ReplicateResults(setting.directory, columns=lay_out(spec, setting)),
        checkpoints=setting.checkpoints,
        board=Board(Curves(setting.directory / "tensorboard"), setting.dataset),
        growth=None,
        kept=None,
        display=setting.display,
        prefix=REPLICATED,
    )

    def why_end() -> str | None:
        return None if any(t.state == TrialState.WAITING for t in ledger.trials()) else "every replicate has run"

    return _run(spec, ledger, setting, recorder, SamplerChoice(name="random"), why_end, REPLICATED, None)


def _run(
    spec: StudySpec,
    ledger: Ledger,
    setting: Setting,
    recorder: Recorder,
    sampler: SamplerChoice,
    why_end: Callable[[], str | None],
    prefix: str,
    scheduler: TrialScheduler | None,
) -> str | None:
    recorder.bring_up_to_date()
    checkpoints = setting.checkpoints
    searcher = StudySearch(
        ledger,
        sampler=sampler,
        seed=spec.seed,
        search=spec.search,
        fixed=setting.fixed,
        why_end=why_end,
        unstarted=recorder.unstarted,
        ending=lambda: setting.ending.begun,
        checkpoints=lambda number: checkpoints.of(trial_id(number, prefix)),
    )
    run_trials(
        searcher,
        share=setting.share,
        checkpoints=checkpoints,
        objective_epoch=spec.objective_epoch,
        callback=Guarded(recorder, setting.ending),
        stopper=setting.ending,
        scheduler=scheduler,
        concurrent=setting.concurrent,
        restarts=spec.restarts,
        fresh_processes=spec.fresh_processes,
        prefix=prefix,
    )
    if setting.ending.fault is not None:
        raise setting.ending.fault
    checkpoints.sweep()
    return searcher.reason


def lay_out(spec: StudySpec, setting: Setting) -> Results:
    """Lay out the tables of a study."""
    return Results(
        setting.directory,
        objectives=spec.objectives,
        metrics=[*METRICS, *TRAINING_VALUES],
        terms=spec.all_terms,
        parameters=parameters(spec, setting.fixed),
        constraints=spec.conditions,
    )


def early_stopping(spec: StudySpec, ledger: Ledger) -> TrialScheduler | None:
    """Make the scheduler that stops hopeless trials, with what the trials that ended had shown at its rungs.

    A trial that goes on from a checkpoint reports its epochs again and is judged anew, by the same rule.
    """
    if spec.early_stopping is None:
        return None
    scheduler = MOASHA(
        spec.objectives,
        max_epochs=spec.epochs,
        reduction_factor=spec.early_stopping.reduction_factor,
        grace_epochs=spec.early_stopping.grace_epochs,
    )
    for trial in ledger.trials():
        if trial.state.is_finished():
            scheduler.preload(
                trial_id(trial.number),
                {epoch["epoch"]: [epoch.get(name, math.nan) for name in spec.objectives] for epoch in epochs_of(trial)},
            )
    return scheduler
