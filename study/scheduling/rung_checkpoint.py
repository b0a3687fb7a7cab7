"""The rungs in Ray Tune's own checkpoints."""

from typing import Any

from ray.tune import Callback

from study.scheduling.rungs import Rungs


class RungCheckpoint(Callback):  # type: ignore[misc]
    """Save a scheduler's rungs with the trials and give them back to it on ``Tuner.restore``.

    Ray saves callbacks and trials at the same moment, so a trial that is restored as ended has its records, and one
    that begins again finds its own. Ray saves no scheduler. ``rungs`` must be the object that the scheduler holds:
    ``Tuner`` pickles both together, so that they still share it when they are read back.

    >>> rungs, restored = (Rungs(["max"], max_epochs=3) for _ in range(2))
    >>> rungs.record("t000", 1, [40.0])
    >>> RungCheckpoint(restored).set_state(RungCheckpoint(rungs).get_state())
    >>> restored.records
    {1: {'t000': (40.0,)}}
    """

    def __init__(self, rungs: Rungs) -> None:
        self._rungs = rungs

    def get_state(self) -> dict[str, Any]:
        """Give Ray what the rungs hold."""
        return {"records": self._rungs.records}

    def set_state(self, state: dict[str, Any]) -> None:
        """Record what the rungs held when Ray saved them."""
        self._rungs.record_all(state["records"])
