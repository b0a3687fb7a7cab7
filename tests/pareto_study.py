"""The results directory of a study as far as its front is read, made by hand: nothing is trained."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
import pandas as pd

from study.front import Direction, pareto_front

GOALS: dict[str, Direction] = {"recall_at_1": "max", "modality_gap": "min"}
TERMS = ("ce", "ce+variance", "ce+centroid")
# state, terms, rank, recall at 1, gap
TRIALS = [
    ("COMPLETE", "ce", 8, 60.0, 0.9),
    ("COMPLETE", "ce+variance", 4, 57.0, 0.5),
    ("COMPLETE", "ce+centroid", 16, 51.0, 0.3),
    ("COMPLETE", "ce+centroid", 4, 40.0, 0.25),
    ("COMPLETE", "ce", 16, 58.0, 0.95),
    ("COMPLETE", "ce+variance", 16, 50.0, 0.6),
    ("STOPPED", "ce+centroid", 8, 70.0, 0.1),
    ("FAIL", "ce+variance", 8, None, None),
]


def write_pareto_study(
    directory: Path,
    rows: Sequence[tuple[Any, ...]] = TRIALS,
    *,
    objectives: Mapping[str, Direction] = GOALS,
    runs: Mapping[str, Sequence[tuple[float, ...]]] | None = None,
    spec: Mapping[str, Any] | None = None,
    with_optuna: bool = True,
) -> Path:
    """Trials ``(state, terms, rank, *objectives)``; ``runs`` are the complete re-runs of trials, with seeds 1, 2, …"""
    directory.mkdir(parents=True)
    names = ["state", "terms", "rank", *objectives]
    trials = pd.DataFrame(rows, columns=names)
    trials[list(objectives)] = trials[list(objectives)].astype(float)
    trials.insert(0, "trial_id", [f"t{number:03d}" for number in range(len(rows))])
    trials["beta"] = [1.5 if terms == "ce+variance" else None for terms in trials["terms"]]
    trials.assign(error=["loss is nan" if state == "FAIL" else None for state in trials["state"]]).to_csv(
        directory / "trials.csv", index=False
    )
    front = pareto_front(trials, objectives)
    front.to_csv(directory / "pareto.csv", index=False)
    for trial in front["trial_id"]:
        (directory / "adapters" / str(trial)).mkdir(parents=True)
    before = {"trial_id": "t000", "state": "RUNNING", "recall_at_1": 30.0, "modality_gap": 1.0}
    pd.DataFrame([before]).to_csv(directory / "baseline.csv", index=False)
    if runs is not None:
        flat = [
            (trial, "COMPLETE", seed, *values)
            for trial, each in runs.items()
            for seed, values in enumerate(each, start=1)
        ]
        table = pd.DataFrame(flat, columns=["replicate_of", "state", "seed", *objectives])
        table.insert(0, "trial_id", [f"r{number:03d}" for number in range(len(flat))])
        table.to_csv(directory / "replicates.csv", index=False)
    search = {"terms": {}, "rank": {}, "beta": {}}
    about = {"profile": "study", "spec": {"objectives": dict(objectives), "search": search, **(spec or {})}}
    (directory / "study.json").write_text(json.dumps(about))
    if with_optuna:
        write_optuna(directory / "optuna.db", directory.name, rows, objectives)
    return directory


def write_optuna(path: Path, name: str, rows: Sequence[tuple[Any, ...]], objectives: Mapping[str, Direction]) -> None:
    """The search's own record of the trials."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        storage=f"sqlite:///{path}",
        study_name=name,
        directions=["maximize" if direction == "max" else "minimize" for direction in objectives.values()],
    )
    choices = {
        "terms": optuna.distributions.CategoricalDistribution(TERMS),
        "rank": optuna.distributions.CategoricalDistribution([4, 8, 16]),
        "beta": optuna.distributions.FloatDistribution(-10, 10),
    }
    for state, terms, rank, *values in rows:
        chosen = {"terms": terms, "rank": rank, **({"beta": 1.5} if terms == "ce+variance" else {})}
        complete = state == "COMPLETE"
        study.add_trial(
            optuna.trial.create_trial(
                params=chosen,
                distributions={parameter: choices[parameter] for parameter in chosen},
                values=values if complete else None,
                state=optuna.trial.TrialState.COMPLETE if complete else optuna.trial.TrialState.FAIL,
            )
        )
