"""Early stopping on several objectives, as a scheduler of Ray Tune."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from study.front import Direction
from study.naming import trial_id
from study.scheduling.rungs import Rungs


class MOASHA(FIFOScheduler):  # type: ignore[misc]
    """Stop a trial that stands outside the top 1/reduction_factor at a rung; the rule is that of ``rungs.Rungs``.

    A report holds ``epoch`` and the objectives; epoch 0, the model before training, is never a rung. A report with the
    key ``failure``, and one without every objective or with one that is not finite, is neither recorded nor judged: the
    trial goes on, for failing a trial is its searcher's business. A trial whose configuration has ``spared`` set is
    recorded, so that others are measured against it, and never stopped.

    Trials start in the order in which they were made, as in ``FIFOScheduler``: Tune starts the one that is chosen once
    its resources are free. A trial's name is ``trial_name``.

    Ray keeps a scheduler as it was when the ``Tuner`` was made and saves nothing of it during a run. Give
    ``RunConfig(callbacks=[RungCheckpoint(scheduler.rungs)])`` to have the rungs back after ``Tuner.restore``.

    Source: Schmucker et al. 2021, "Multi-objective Asynchronous Successive Halving", arXiv 2106.12639.

    Raises ValueError as ``Rungs`` does.

    >>> scheduler = MOASHA({"recall_at_1": "max", "modality_gap": "min"}, max_epochs=10)
    >>> scheduler.preload("t000", {0: [9.0, 0.9], 1: [40.0, 0.5], 2: [45.0, 0.4], 3: [50.0, 0.3]})
    >>> scheduler.rungs.records
    {1: {'t000': (40.0, 0.5)}, 3: {'t000': (50.0, 0.3)}, 9: {}}
    """

    def __init__(
        self,
        objectives: Mapping[str, Direction],
        *,
        max_epochs: int,
        reduction_factor: float = 3.0,
        grace_epochs: int = 1,
    ) -> None:
        super().__init__()
        self.objectives = dict(objectives)
        self.rungs = Rungs(
            list(objectives.values()),
            max_epochs=max_epochs,
            reduction_factor=reduction_factor,
            grace_epochs=grace_epochs,
        )
        self.stopped: dict[str, int] = {}  # the epoch at which each trial was stopped, by its name

    def preload(self, trial: str, epochs: Mapping[int, Sequence[float]]) -> None:
        """Record the objectives of a trial that ended earlier, by epoch, in the order of ``objectives``.

        ``trial`` is named as ``trial_name`` names it. A trial that runs again keeps what is recorded of it here.
        """
        for epoch, values in epochs.items():
            self.rungs.record(trial, epoch, values)

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: Mapping[str, Any]) -> str:
        """Give Ray's STOP or CONTINUE for a report, see the class."""
        values = objective_values(result, self.objectives)
        if values is None:
            return str(TrialScheduler.CONTINUE)
        name, epoch = trial_name(trial.config), result["epoch"]
        if self.rungs.goes_on(name, epoch, values) or trial.config.get("spared"):
            return str(TrialScheduler.CONTINUE)
        self.stopped[name] = epoch
        return str(TrialScheduler.STOP)

    def debug_string(self) -> str:
        """Say in one line how many trials are recorded at each rung, for Ray's own display."""
        counts = ", ".join(f"epoch {level}: {len(recorded)}" for level, recorded in self.rungs.records.items())
        return f"Using MO-ASHA. Trials at its rungs: {counts or 'no rungs'}."


def trial_name(config: Mapping[str, Any]) -> str:
    """Name a trial by the number in its configuration.

    >>> trial_name({"number": 7, "rank": 4})
    't007'
    """
    return trial_id(config["number"])


def objective_values(result: Mapping[str, Any], objectives: Mapping[str, Direction]) -> list[float] | None:
    """Read the objectives from a report, None where it is of a failure or some are missing or not finite.

    >>> objective_values({"epoch": 1, "recall_at_1": 40.0, "modality_gap": 0.5}, {"recall_at_1": "max"})
    [40.0]
    >>> objective_values({"epoch": 1, "recall_at_1": float("nan")}, {"recall_at_1": "max"})
    """
    values = [result.get(name) for name in objectives]
    if "failure" in result or any(value is None or not math.isfinite(value) for value in values):
        return None
    return [float(value) for value in values if value is not None]
