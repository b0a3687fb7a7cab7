"""What a study shows while it runs: a live table at a terminal, one line an event elsewhere."""

import time
from collections.abc import Mapping, Set
from types import TracebackType
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from typing_extensions import Self

from study.space import StudySpec

SHOWN_TRIALS = 20


class Display:
    """Trials, their parameters, their objectives; a context manager around the study.

    ``ended`` counts the trials that earlier runs of the command brought to their end.
    """

    def __init__(self, spec: StudySpec, console: Console, *, ended: int = 0) -> None:
        self._spec = spec
        self._console = console
        self._ended = ended
        self._rows: dict[str, dict[str, Any]] = {}
        self._front: Set[str] = set()
        self._began = time.monotonic()
        self._progress = Progress(
            TextColumn("trial {task.fields[trial]} of {task.fields[trials]}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(elapsed_when_finished=False),
            console=console,
        )
        self._trials = spec.trials
        steps = spec.epochs + 1
        self._task = self._progress.add_task(
            "", total=spec.trials * steps, completed=ended * steps, trial=ended, trials=spec.trials
        )
        self._live = Live(console=console, refresh_per_second=2, get_renderable=self._render)

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._console.is_terminal:
            self._live.stop()

    def expect(self, more: int) -> None:
        """Count ``more`` trials after those that have begun."""
        begun, steps = self._ended + len(self._rows), self._spec.epochs + 1
        self._trials = begun + more
        self._progress.update(self._task, completed=begun * steps, total=self._trials * steps, trials=self._trials)

    def start(self, trial: str, parameters: Mapping[str, Any]) -> None:
        """Show a trial that starts."""
        searched = {name: parameters[name] for name in self._spec.search}
        self._rows[trial] = {"parameters": searched, "state": "RUNNING", "epoch": None, "values": {}}
        number = self._ended + len(self._rows)
        self._progress.update(self._task, trial=number)
        self._line(f"trial {number} of {self._trials} ({trial}): {in_words(searched)}")

    def epoch(self, trial: str, epoch: int, values: Mapping[str, float]) -> None:
        """Show a trial's values after an epoch."""
        before = self._rows[trial]["epoch"]
        self._rows[trial] |= {"epoch": epoch, "values": dict(values)}
        self._progress.advance(self._task, 1 if before is None else max(epoch - before, 0))
        shown = ", ".join(f"{name} {brief(values[name])}" for name in self._spec.objectives)
        loss = f", loss {brief(values['loss'])}" if "loss" in values else ""
        self._line(f"  {trial} epoch {epoch}/{self._spec.epochs}: {shown}{loss}, {values['seconds']:.0f} s")

    def end(self, trial: str, state: str, error: str, front: Set[str]) -> None:
        """Show how a trial ended; ``front`` holds the trials that nothing dominates."""
        row = self._rows.setdefault(trial, {"parameters": {}, "epoch": None, "values": {}})  # it may not have begun
        row["state"] = state
        self._front = front
        done = -1 if self._rows[trial]["epoch"] is None else self._rows[trial]["epoch"]
        self._progress.advance(self._task, self._spec.epochs - done)
        if state == "STOPPED":
            self._line(f"  {trial} stopped after epoch {done}: others had shown more by then")
        if state == "FAIL":
            self._console.print(f"trial {trial} failed: {error}", style="red", highlight=False, markup=False)

    def _line(self, text: str) -> None:
        if not self._console.is_terminal:
            minutes, seconds = divmod(int(time.monotonic() - self._began), 60)
            self._console.print(f"[{minutes:3d}:{seconds:02d}] {text}", highlight=False, markup=False, soft_wrap=True)

    def _render(self) -> Group:
        table = Table(box=None, pad_edge=False)
        for name in ("trial", "epoch", *self._spec.objectives, "state", "parameters"):
            table.add_column(name, no_wrap=name != "parameters", overflow="fold")
        for trial, row in list(self._rows.items())[-SHOWN_TRIALS:]:
            on_front = trial in self._front
            table.add_row(
                trial,
                "" if row["epoch"] is None else f"{row['epoch']}/{self._spec.epochs}",
                *(brief(row["values"].get(name)) for name in self._spec.objectives),
                f"{row['state'].lower()}{' · front' if on_front else ''}",
                in_words(row["parameters"]),
                style="bold" if on_front else "red" if row["state"] == "FAIL" else None,
            )
        return Group(table, self._progress)


def in_words(parameters: Mapping[str, Any]) -> str:
    """Name the parameters that a trial has a use for.

    >>> in_words({"terms": "ce+variance", "alpha": None, "rank": 8})
    'terms ce+variance, rank 8'
    """
    return ", ".join(f"{name} {brief(value)}" for name, value in parameters.items() if value is not None)


def brief(value: Any) -> str:
    """Write a value in four significant digits.

    >>> brief(0.123456), brief("ce"), brief(None), brief(8)
    ('0.1235', 'ce', '', '8')
    """
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
