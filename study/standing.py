"""Where a study stands: which trials have ended and how, which run, its front so far, the time that is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from study.front import Direction
from study.words import brief, duration

Row = Mapping[str, Any]


@dataclass
class Running:
    """A trial that runs: its searched parameters, the values of its last epoch, when it last showed a sign of life."""

    parameters: Mapping[str, Any]
    since: float
    epoch: int | None = None
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass
class Standing:
    """What a study has shown so far; ``kind`` is what runs, a trial or a re-run of one, ``total`` how many of them.

    ``ended`` holds rows of the table of trials, ``front`` the objectives of each trial that nothing dominates,
    ``before`` the values before training, ``most`` the greatest number of trials that ran at once;
    ``ends`` is when time is up if there is a limit, ``afterwards`` what comes when these trials are done.
    """

    objectives: Mapping[str, Direction]
    epochs: int
    total: int
    kind: str = "trial"
    ended: dict[str, Row] = field(default_factory=dict)
    running: dict[str, Running] = field(default_factory=dict)
    front: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hypervolume: float | None = None
    before: Mapping[str, float] = field(default_factory=dict)
    most: int = 1
    ends: float | None = None
    afterwards: str = ""

    @property
    def failures(self) -> dict[str, str]:
        """Why each trial that failed did."""
        return {trial: str(row.get("error") or "") for trial, row in self.ended.items() if row["state"] == "FAIL"}

    @property
    def share(self) -> float:
        """The share of the work that is done, in [0, 1]; a trial that was stopped early counts as a whole one."""
        epochs = len(self.ended) + sum((one.epoch or 0) / self.epochs for one in self.running.values())
        return min(epochs / self.total, 1.0) if self.total else 1.0

    def extremes(self) -> dict[str, str]:
        """Name for each objective the trial of the front that is best in it, the first of equals."""
        if not self.front:
            return {}
        signs = {name: 1 if direction == "max" else -1 for name, direction in self.objectives.items()}
        return {name: max(self.front, key=lambda trial: sign * self.front[trial][name]) for name, sign in signs.items()}

    def count(self) -> str:
        """Say how many trials are done, how many of these were not brought to their end, how many run."""
        states = [row["state"] for row in self.ended.values()]
        other = {"stopped early": states.count("STOPPED"), "failed": states.count("FAIL")}
        notes = ", ".join(f"{number} {how}" for how, number in other.items() if number)
        running = f", {len(self.running)} running" if self.running else ""
        return f"{len(states)} of {self.total} {self.kind}s done{f' ({notes})' if notes else ''}{running}"

    def best(self) -> list[str]:
        """Say for each objective which trial of the front is best in it, with its other objectives."""
        return [
            f"best {name} {trial}: {', '.join(f'{other} {brief(self.front[trial][other])}' for other in order)}"
            for name, trial in self.extremes().items()
            for order in [[name, *(other for other in self.objectives if other != name)]]
        ]

    def time_left(self, now: float) -> str:
        """Say how long the trials that are left take; until an epoch has been measured, that none has been."""
        coming = max(self.total - len(self.ended) - len(self.running), 0)
        after = f", then {self.afterwards}" if self.afterwards else ""
        left = seconds_left(
            list(self.ended.values()),
            list(self.running.values()),
            coming=coming,
            epochs=self.epochs,
            at_once=self.most,
            now=now,
        )
        if not coming and not self.running:
            return f"nothing left{after}"
        if left is None:
            return f"time left not known before an epoch has been measured{after}"
        if self.ends is not None and now + left > self.ends:
            return f"about {duration(left)} left, of which {duration(max(self.ends - now, 0.0))} until time is up"
        return f"about {duration(left)} left{after}"


def seconds_left(
    ended: Sequence[Row], running: Sequence[Running], *, coming: int, epochs: int, at_once: int, now: float
) -> float | None:
    """Estimate the seconds until every trial has run, None until an epoch has been measured.

    An epoch takes what it took on average in all trials so far, evaluations and what comes before the first one
    included. A running trial is taken to run all its ``epochs``, one to come as many as those that ended without
    failing did on average, so that early stops count; ``at_once`` of them run side by side.

    >>> ended = [{"state": "COMPLETE", "epoch": 4, "last_epoch": 4, "seconds": 40.0},
    ...          {"state": "STOPPED", "epoch": 2, "last_epoch": 2, "seconds": 20.0}]
    >>> seconds_left(ended, [Running({}, since=100.0, epoch=3)], coming=2, epochs=4, at_once=1, now=104.0)
    66.0
    """
    measured = [(int(row["epoch"]), float(row["seconds"])) for row in ended if row["epoch"]]
    measured += [(one.epoch, one.values["seconds"]) for one in running if one.epoch and "seconds" in one.values]
    if not measured:
        return None
    pace = sum(seconds for _, seconds in measured) / sum(epoch for epoch, _ in measured)
    run = [int(row["last_epoch"]) for row in ended if row["state"] != "FAIL"]
    begun = [max(pace * (epochs - (one.epoch or 0)) - (now - one.since), 0.0) for one in running]
    work = sum(begun) + coming * pace * (sum(run) / len(run) if run else epochs)
    return max(work / at_once, *begun, 0.0)
