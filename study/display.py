"""What a study shows while it runs: a screen at a terminal, one line an event with the time elsewhere."""

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from typing_extensions import Self

from study.screen import screen
from study.space import StudySpec
from study.standing import Row, Running, Standing
from study.words import brief, in_words


class Display:
    """Shows trials, the front and the time left; a context manager around the study.

    ``clock`` gives seconds that never run backwards.
    """

    def __init__(self, spec: StudySpec, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._spec = spec
        self._console = console
        self._clock = clock
        self._at_terminal = console.is_terminal and not console.is_dumb_terminal
        self._standing = Standing(
            spec.objectives,
            epochs=spec.epochs,
            total=spec.trials,
            ends=None if spec.hours is None else clock() + 3600 * spec.hours,
            afterwards="re-runs of the front" if spec.replicates else "",
        )
        self._live = Live(console=console, refresh_per_second=2, get_renderable=self._render)

    def __enter__(self) -> Self:
        if self._at_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._at_terminal:
            self._live.stop()

    def begin(self, kind: str, total: int) -> None:
        """Begin another part of the study: ``total`` trials of another ``kind``, none of which has been recorded."""
        self._standing.kind, self._standing.total, self._standing.afterwards = kind, total, ""
        self._standing.ended, self._standing.running, self._standing.most = {}, {}, 1

    def record(self, ended: Sequence[Row], front: Mapping[str, Mapping[str, float]], hypervolume: float | None) -> None:
        """Take in the rows of trials that have ended, in this run or before, and the front that comes of them.

        ``front`` gives the objectives of each of its trials. A ``hypervolume`` of None leaves the one shown before.
        """
        standing = self._standing
        for row in ended:
            standing.ended[row["trial_id"]] = row
            standing.running.pop(row["trial_id"], None)
        standing.front = front
        standing.hypervolume = standing.hypervolume if hypervolume is None else hypervolume
        if ended:
            volume = [] if standing.hypervolume is None else [f"hypervolume {brief(standing.hypervolume)}"]
            self._line("; ".join([standing.count(), *standing.best(), *volume, standing.time_left(self._clock())]))

    def start(self, trial: str, parameters: Mapping[str, Any]) -> None:
        """Show a trial that starts, or starts once more after its process died."""
        standing = self._standing
        searched = {name: parameters[name] for name in self._spec.search}
        standing.running[trial] = Running(searched, since=self._clock())
        standing.most = max(standing.most, len(standing.running))
        number = len(standing.ended) + list(standing.running).index(trial) + 1
        self._line(f"{standing.kind} {number} of {standing.total} ({trial}): {in_words(searched)}")

    def epoch(self, trial: str, epoch: int, values: Mapping[str, float]) -> None:
        """Show a trial's values after an epoch."""
        one = self._standing.running[trial]
        one.epoch, one.values, one.since = epoch, values, self._clock()
        if epoch == 0 and not self._standing.before:
            self._standing.before = values
        shown = ", ".join(f"{name} {brief(values[name])}" for name in self._spec.objectives)
        loss = f", loss {brief(values['loss'])}" if "loss" in values else ""
        self._line(f"  {trial} epoch {epoch}/{self._spec.epochs}: {shown}{loss}, {values['seconds']:.0f} s")

    def say(self, text: str) -> None:
        """Print a line, at a terminal too."""
        self._line(text, always=True)

    def end(self, trial: str, state: str, error: str) -> None:
        """Show how a trial ended; ``record`` follows once its row is written."""
        if state == "STOPPED":
            self._line(f"  {trial} stopped early: others had shown more by then")
        if state == "FAIL":
            self._line(f"  {trial} failed: {error}", always=True)

    def _line(self, text: str, *, always: bool = False) -> None:
        """Print a line in a log; at a terminal, where the screen says the same, only what is ``always`` printed."""
        if always or not self._at_terminal:
            stamp = f"{datetime.now():%Y-%m-%d %H:%M:%S}"
            self._console.print(f"{stamp} {text}", highlight=False, markup=False, soft_wrap=True)

    def _render(self) -> Group:
        return screen(self._standing, self._console, self._clock())
