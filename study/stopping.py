"""When a study is over: enough trials, no more gain, too many failures, no time left."""

import time
from collections.abc import Sequence

from ray import tune

FEWEST_ENDED = 4  # a share of failures among fewer says nothing


def enough_trials(begun: int, trials: int) -> str | None:
    """Say that the budget of trials is used up.

    >>> enough_trials(20, 20)
    'all 20 trials have run'
    """
    return f"all {trials} trials have run" if begun >= trials else None


def no_growth(hypervolumes: Sequence[float], patience: int | None) -> str | None:
    """Say that the last ``patience`` trials that ended added nothing to the hypervolume.

    >>> no_growth([0.0, 1.0, 2.0, 2.0, 2.0], 2)
    'the front has not grown for 2 trials'
    >>> no_growth([0.0, 1.0, 2.0, 2.0], 2) is None
    True
    """
    if patience is None or len(hypervolumes) <= patience or hypervolumes[-1] > hypervolumes[-1 - patience]:
        return None
    return f"the front has not grown for {patience} trials"


def too_many_failures(states: Sequence[str], share: float) -> str | None:
    """Say that more than a ``share`` of the trials that ended have failed.

    >>> too_many_failures(["FAIL", "COMPLETE", "FAIL", "FAIL"], 0.5)
    '3 of 4 trials failed, more than max_failed_share 0.5'
    """
    failed = sum(state == "FAIL" for state in states)
    if len(states) < FEWEST_ENDED or failed <= share * len(states):
        return None
    return f"{failed} of {len(states)} trials failed, more than max_failed_share {share:g}"


class TimeLimit(tune.Stopper):  # type: ignore[misc]
    """Interrupt a study after ``hours`` of this command; the running trial goes on from its last epoch when resumed."""

    def __init__(self, hours: float | None) -> None:
        self._hours = hours
        self._began = time.monotonic()
        self.over = False

    def __call__(self, trial_id: str, result: dict[str, object]) -> bool:
        """Stop no single trial."""
        return False

    def stop_all(self) -> bool:
        """Tell Ray that time is up."""
        self.over = self._hours is not None and time.monotonic() - self._began >= 3600 * self._hours
        return self.over
