"""The two parts of a study: the search, then the front once more with other seeds."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from optuna.trial import TrialState
from ray.tune.schedulers import TrialScheduler

from gap.metrics import METRICS
from study.checkpoints import Checkpoints
from study.curves import Curves
from study.display import Display
from study.grid import grid_points
from study.growth import Growth
from study.ledger import Ledger, epochs_of
from study.policy import SamplerChoice
from study.recorder import Recorder
from study.resources import Share
from study.results import ReplicateResults, Results
from study.scheduling.mo_asha import MOASHA
from study.searcher import StudySearch, defaults
from study.space import StudySpec
from study.stopping import TimeLimit, enough_trials, no_growth, too_many_failures
from study.tables import TRAINING_VALUES, Tables, parameters
from study.trainable import trial_id
from study.tuning import run_trials


def run_search(
    spec: StudySpec,
    ledger: Ledger,
    *,
    directory: Path,
    profile: str,
    fixed: Mapping[str, Any],
    checkpoints: Checkpoints,
    share: Share,
    concurrent: int,
    limit: TimeLimit,
    display: Display,
) -> str | None:
    """Run the trials of a search, those that were left running first; returns why it is over, None if it is not."""
    points = [{**defaults(spec.search), **point} for point in spec.enqueue]
    if spec.sampler.name == "grid":
        points += [p for p in grid_points(spec.search, terms=spec.terms, seed=spec.seed) if p not in points]
    for i, point in enumerate(points):
        ledger.enqueue(str(i), point)

    tables = Tables(spec, profile=profile, fixed=fixed)
    results = tables_of(spec, directory, fixed)
    curves = Curves(directory / "tensorboard")
    growth = Growth(directory, spec, tables, curves)
    recorder = Recorder(
        spec,
        ledger=ledger,
        tables=tables,
        results=results,
        checkpoints=checkpoints,
        curves=curves,
        growth=growth,
        display=display,
        adapters=directory / "adapters",
    )
    recorder.bring_up_to_date()

    def why_end() -> str | None:
        return (
            enough_trials(len(ledger.begun()), spec.trials)
            or no_growth(growth.hypervolumes, spec.patience)
            or too_many_failures(growth.states, spec.max_failed_share)
        )

    searcher = StudySearch(
        ledger,
        sampler=spec.sampler,
        seed=spec.seed,
        search=spec.search,
        fixed=fixed,
        why_end=why_end,
        unstarted=recorder.unstarted,
        checkpoints=lambda number: checkpoints.of(trial_id(number)),
    )
    run_trials(
        searcher,
        share=share,
        checkpoints=checkpoints,
        objective_epoch=spec.objective_epoch,
        callback=recorder,
        stopper=limit,
        scheduler=early_stopping(spec, ledger),
        concurrent=concurrent,
        restarts=spec.restarts,
        fresh_processes=spec.fresh_processes,
    )
    checkpoints.sweep()
    return searcher.reason


def tables_of(spec: StudySpec, directory: Path, fixed: Mapping[str, Any]) -> Results:
    """Lay out the tables of a study."""
    return Results(
        directory,
        objectives=spec.objectives,
        metrics=[*METRICS, *TRAINING_VALUES],
        terms=spec.all_terms,
        parameters=parameters(spec, fixed),
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


def run_replicates(
    spec: StudySpec,
    ledger: Ledger,
    searched: Ledger,
    *,
    directory: Path,
    profile: str,
    fixed: Mapping[str, Any],
    checkpoints: Checkpoints,
    share: Share,
    concurrent: int,
    limit: TimeLimit,
    display: Display,
) -> str | None:
    """Run every trial of the front again with ``replicates`` other seeds; returns why it is over, None if it is not."""
    front = pd.read_csv(directory / "pareto.csv")["trial_id"]
    for trial in searched.trials():
        for k in range(1, spec.replicates + 1) if trial_id(trial.number) in set(front) else ():
            name = trial_id(trial.number)
            ledger.enqueue(f"{name}/{k}", trial.params, replicate_of=name, seed=spec.seed + k)

    tables = Tables(spec, profile=profile, fixed=fixed, prefix="r")
    results = ReplicateResults(directory, columns=tables_of(spec, directory, fixed))
    recorder = Recorder(
        spec,
        ledger=ledger,
        tables=tables,
        results=results,
        checkpoints=checkpoints,
        curves=Curves(directory / "tensorboard"),
        growth=None,
        display=display,
        adapters=None,
        prefix="r",
    )
    recorder.bring_up_to_date()

    def why_end() -> str | None:
        return None if any(t.state == TrialState.WAITING for t in ledger.trials()) else "every replicate has run"

    searcher = StudySearch(
        ledger,
        sampler=SamplerChoice(name="random"),
        seed=spec.seed,
        search=spec.search,
        fixed=fixed,
        why_end=why_end,
        unstarted=recorder.unstarted,
        checkpoints=lambda number: checkpoints.of(trial_id(number, "r")),
    )
    run_trials(
        searcher,
        share=share,
        checkpoints=checkpoints,
        objective_epoch=spec.objective_epoch,
        callback=recorder,
        stopper=limit,
        concurrent=concurrent,
        restarts=spec.restarts,
        fresh_processes=spec.fresh_processes,
        prefix="r",
    )
    checkpoints.sweep()
    return searcher.reason
