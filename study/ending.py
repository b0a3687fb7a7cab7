"""When trials are ended from outside: time is up, somebody interrupts, or what they need has failed."""

from collections.abc import Callable
from typing import Any

from ray import tune

from study.signals import Signals
from study.stopping import TimeLimit

FINISHING = (
    "interrupted: no further trial begins, and the study ends when each running one has finished its epoch and saved "
    "it; Ctrl-C once more stops now, at the epoch before"
)
STOPPING = "stopping now: each running trial goes on from its last saved epoch when the study is resumed"


class Ending(tune.Stopper):  # type: ignore[misc]
    """Tells Ray to let go of all trials. Nothing is lost by that: each has saved its last epoch.

    After the first Ctrl-C every running trial is let finish the epoch that it is in; after the second, after a
    ``fault``, or when time is up, nothing is waited for. ``say`` is called with what happens, once for each.
    """

    def __init__(self, signals: Signals, limit: TimeLimit, say: Callable[[str], None]) -> None:
        self.fault: Exception | None = None
        self._signals = signals
        self._limit = limit
        self._say = say
        self._running: set[str] = set()
        self._awaited: set[str] | None = None  # the trials whose epoch is to be finished, once that is asked for
        self._said: set[str] = set()

    @property
    def begun(self) -> bool:
        """Whether the trials are being ended, so that none may begin."""
        return self.fault is not None or bool(self._signals.got) or self._limit.over

    def trial_runs(self, trial: str) -> None:
        """Take note of a trial that begins."""
        self._running.add(trial)

    def epoch_is_saved(self, trial: str) -> None:
        """Take note of a trial's epoch."""
        (self._awaited or set()).discard(trial)

    def trial_is_over(self, trial: str) -> None:
        """Take note of a trial that runs no more."""
        self._running.discard(trial)
        self.epoch_is_saved(trial)

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        """Stop no single trial."""
        return False

    def stop_all(self) -> bool:
        """Tell Ray whether to let go of all trials now."""
        if self.fault is not None or self._limit.stop_all():
            return True
        if not self._signals.got:
            return False
        if len(self._signals.got) > 1:
            self._say_once(STOPPING)
            return True
        if self._awaited is None:
            self._awaited = set(self._running)
            if self._awaited:
                self._say_once(FINISHING)
        return not self._awaited

    def __getstate__(self) -> dict[str, Any]:
        """Give Ray nothing to pickle."""
        return {}

    def _say_once(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            self._say(text)
