"""The recorder as Ray calls it: what fails there ends the study, instead of a trial."""

from collections.abc import Callable
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from study.ending import Ending
from study.recorder import Recorder


class Guarded(Callback):  # type: ignore[misc]
    """Passes Ray's calls on to the recorder until one fails; that is the ``fault`` of ``ending``.

    Ray itself would log an error of a callback, take the trial for a failed one and go on with the next. Of what comes
    after a fault nothing is recorded: the trial stays a running one, with its checkpoints, and is resumed as such.
    """

    def __init__(self, recorder: Recorder, ending: Ending) -> None:
        self._recorder = recorder
        self._ending = ending

    def __getstate__(self) -> dict[str, Any]:
        """Give Ray nothing to pickle."""
        return {}

    def on_trial_start(self, **info: Any) -> None:
        """Pass on that a trial starts."""
        self._ending.trial_runs(info["trial"].trial_id)
        self._pass_on(self._recorder.on_trial_start, info)

    def on_trial_result(self, **info: Any) -> None:
        """Pass on an epoch; its checkpoint was saved before it was reported."""
        self._pass_on(self._recorder.on_trial_result, info)
        self._ending.epoch_is_saved(info["trial"].trial_id)

    def on_trial_complete(self, **info: Any) -> None:
        """Pass on that a trial has ended."""
        self._pass_on(self._recorder.on_trial_complete, info)
        self._ending.trial_is_over(info["trial"].trial_id)
        forget_results(info["trial"])

    def on_trial_error(self, **info: Any) -> None:
        """Pass on that a trial has failed."""
        self._pass_on(self._recorder.on_trial_error, info)
        self._ending.trial_is_over(info["trial"].trial_id)
        forget_results(info["trial"])

    def _pass_on(self, call: Callable[..., None], info: dict[str, Any]) -> None:
        if self._ending.fault is None:
            try:
                call(**info)
            except Exception as error:
                self._ending.fault = error


def forget_results(trial: Trial) -> None:
    """Let Ray forget what a trial that has ended had reported.

    It would hold it until the study ends, three times over: the last reports, those of the checkpoints, and of every
    metric the last ten values and their means. That is 0.3 MB a trial.
    """
    held = trial.run_metadata
    held.last_result, held.metric_analysis, held.metric_n_steps = {}, {}, {}
    for saved in held.checkpoint_manager.best_checkpoint_results:
        saved.metrics.clear()
