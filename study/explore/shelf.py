"""Trials at hand for searching: opened beside the requests, the last few kept."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from study.open_trial import study_dataset
from study.retrieval.gallery import Watch
from study.retrieval.opened import Opened, open_trial

SIZE = 3  # models in memory: the model before training and two trials


@dataclass
class Opening:
    """How far the opening of a trial is: what is being done, ``done`` of ``steps`` of it; no steps are unknown."""

    what: str = "loading the model"
    done: int = 0
    steps: int = 0


@dataclass
class _Job:
    stamp: int
    opening: Opening = field(default_factory=Opening)
    opened: Opened | None = None
    galleries: dict[str, "Future[Opened]"] = field(default_factory=dict)


class Shelf:
    """The last few trials that were asked for; one is opened at a time, and whoever asks meanwhile learns how far."""

    def __init__(self, size: int = SIZE) -> None:
        self._size, self._lock = size, threading.Lock()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="open-trial")
        self._jobs: dict[tuple[Path, str], _Job] = {}

    def take(self, directory: Path, trial: str, side: str) -> Opened | Opening:
        """Give an opened trial with the gallery of a side, or how far it is from that.

        Raises whatever its opening raised, ``UserError`` above all; the next call tries again.
        """
        with self._lock:
            job = self._job(directory, trial)
            if side not in job.galleries:
                job.galleries[side] = self._worker.submit(_open, directory, trial, side, job)
            future = job.galleries[side]
            if not future.done():
                return job.opening
            if future.exception() is not None:
                del job.galleries[side]
        return future.result()

    def _job(self, directory: Path, trial: str) -> _Job:
        """Give the job of a trial as it is now, the last of all; the first are let go."""
        adapter = directory / "adapters" / trial
        stamp = adapter.stat().st_mtime_ns if adapter.exists() else 0
        job = self._jobs.pop((directory, trial), None)
        if job is None or job.stamp != stamp:
            job = _Job(stamp)
        self._jobs[directory, trial] = job
        for old in list(self._jobs)[: -self._size]:
            del self._jobs[old]
        return job


def _open(directory: Path, trial: str, side: str, job: _Job) -> Opened:
    if job.opened is None:
        job.opened = open_trial(directory, trial, study_dataset(directory), watch=_follow(job.opening))
    job.opened.gallery(side)
    return job.opened


def _follow(opening: Opening) -> Watch:
    @contextmanager
    def watch(what: str, steps: int) -> Iterator[Callable[[], None]]:
        opening.what, opening.done, opening.steps = what, 0, steps

        def step() -> None:
            opening.done += 1

        yield step

    return watch
