"""The record of a study: its trials, in an Optuna study.

Everything that is known of a trial is there the moment it is known: parameters when they are proposed, all values of an
epoch under the user attribute ``epoch_007``, how the trial ended under ``end``. The tables are made from it. Whatever
is killed, and whenever, the record says which trials have ended, which were running, and which were still to come.

Optuna's own intermediate values stay empty: they are single numbers, ``Trial.report`` refuses several objectives, and
the TPE sampler trips over a pruned trial that has them.
"""

import copy
import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import DatabaseError, IntegrityError, SQLAlchemyError
from tenacity import retry, retry_if_exception, stop_after_attempt, wait_random

from gap.errors import UserError
from gap.training.settings import UNSET
from study.conditions import Condition
from study.front import Direction
from study.resume import BUDGETS

DIRECTIONS: dict[Direction, StudyDirection] = {"max": StudyDirection.MAXIMIZE, "min": StudyDirection.MINIMIZE}
STATES = {"COMPLETE": TrialState.COMPLETE, "STOPPED": TrialState.PRUNED, "FAIL": TrialState.FAIL}
EPOCH, END, OWNER, ENQUEUED = "epoch_", "end", "owner", "enqueued"
WAIT_SECONDS = 60  # for another process that writes to the same SQLite file


def open_storage(location: Path | str) -> RDBStorage:
    """Open an SQLite file, or the database that a URL names. Raises ``UserError`` if it cannot be used."""
    sqlite = isinstance(location, Path) or location.startswith("sqlite")
    url = f"sqlite:///{location}" if isinstance(location, Path) else location
    arguments = {"connect_args": {"timeout": WAIT_SECONDS}} if sqlite else {"pool_pre_ping": True}
    try:
        return _made_or_found(url, arguments)
    except (SQLAlchemyError, ImportError, ValueError, RuntimeError) as error:
        raise UserError(f"--storage: {' '.join(str(error).split())[:200]}") from error


def _made_by_another(error: BaseException) -> bool:
    return isinstance(error, IntegrityError) or (isinstance(error, DatabaseError) and "already exists" in str(error))


# Optuna looks for its tables first and makes them then. Machines that begin a shared study at once meet in between: who
# comes second is told that a table exists, and finds it when it looks again.
@retry(retry=retry_if_exception(_made_by_another), stop=stop_after_attempt(20), wait=wait_random(0, 0.2), reraise=True)
def _made_or_found(url: str, arguments: dict[str, Any]) -> RDBStorage:
    return RDBStorage(url, engine_kwargs=arguments)


def open_study(storage: BaseStorage, name: str, objectives: Mapping[str, Direction]) -> optuna.Study:
    """Open the Optuna study ``name`` or make it. Raises ``UserError`` if it has other objectives."""
    directions = [DIRECTIONS[direction] for direction in objectives.values()]
    study = optuna.create_study(storage=storage, study_name=name, directions=directions, load_if_exists=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if study.directions != directions or study.metric_names not in (None, list(objectives)):
            raise UserError(f"the Optuna study {name} has other objectives than {', '.join(objectives)}")
        if study.metric_names is None:
            study.set_metric_names(list(objectives))
    return study


class Ledger:
    """The trials of one Optuna study, as the process that runs some of them sees it.

    ``owner`` tells its own trials from those of other machines that add to a ``shared`` study.
    """

    def __init__(self, study: optuna.Study, *, owner: str, shared: bool = False) -> None:
        self.study = study
        self.owner = owner
        self.shared = shared
        self._queued: set[str] | None = None  # read once: a grid has thousands

    def enqueue(self, key: str, parameters: Mapping[str, Any], **marks: Any) -> None:
        """Put a trial in the queue, unless one with this key was put there before; ``marks`` are more attributes."""
        if self._queued is None:
            self._queued = {trial.user_attrs[ENQUEUED] for trial in self.trials() if ENQUEUED in trial.user_attrs}
        if key not in self._queued:
            self._queued.add(key)
            self.study.enqueue_trial(dict(parameters), user_attrs={ENQUEUED: key, **marks})

    def ask(self) -> optuna.Trial:
        """Take the next trial from the queue, or a new one; its values are still to be proposed."""
        trial = self.study.ask()
        trial.set_user_attr(OWNER, self.owner)
        return trial

    def trials(self) -> list[FrozenTrial]:
        """Give every trial, in the order of their numbers."""
        return sorted(self.study.get_trials(deepcopy=False), key=lambda trial: trial.number)

    def trial(self, number: int) -> FrozenTrial:
        """Give one trial, read by itself: what it costs does not grow with the study."""
        return self.study._storage.get_trial(self._id(number))

    def running(self) -> list[FrozenTrial]:
        """Give the trials that this owner began and that have not ended."""
        return self.own_running(self.trials())

    def own_running(self, trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
        """Select from ``trials`` those that this owner began and that have not ended."""
        return [t for t in trials if t.state == TrialState.RUNNING and self._owner(t) == self.owner]

    def begun(self) -> list[FrozenTrial]:
        """Give every trial, anybody's, that has ended or that somebody runs."""
        return [t for t in self.trials() if t.state.is_finished() or (t.state == TrialState.RUNNING and self._owner(t))]

    def ended(self) -> list[FrozenTrial]:
        """Give every trial, anybody's, that has ended, in the order in which they did."""
        return in_order_of_end(self.trials())

    def lacks_epoch(self, number: int, epoch: int) -> bool:
        """Say whether an epoch of a running trial is still to be recorded."""
        return lacks_epoch(self.trial(number), epoch)

    def add_epoch(self, number: int, epoch: int, values: Mapping[str, float]) -> None:
        """Record an epoch of a trial."""
        self._set(number, _key(epoch), dict(values))

    def end(
        self,
        number: int,
        state: str,
        *,
        values: Mapping[str, float],
        constraints: Sequence[Condition] = (),
        about: Mapping[str, Any],
    ) -> None:
        """End a trial: COMPLETE with the values of its objectives, STOPPED or FAIL without.

        ``values`` hold the objectives and what the constraints speak of; ``about`` is kept with the trial. A trial that
        was stopped early is Optuna's PRUNED: no sampler takes its values for a full trial's, they are in its epochs.
        A value that is not finite is never told: the trial has failed, and a ``ValueError`` says so.
        """
        trial = self.trial(number)
        objectives = [values.get(name) for name in self._objectives()]
        if state == "COMPLETE" and not all(v is not None and math.isfinite(v) for v in objectives):
            raise ValueError(f"trial {number}: expected finite objectives, got {objectives}")
        if state == "COMPLETE":
            own = optuna.Trial(self.study, trial._trial_id)
            for condition in constraints:
                if str(condition) not in trial.constraints:
                    own.set_constraint(str(condition), condition.violation(values[condition.metric]))
        self._set(number, END, {"state": state, "place": self._next_place(), **about})
        self.study.tell(number, [float(v) for v in objectives if v is not None] if state == "COMPLETE" else None,
                        state=STATES[state])  # fmt: skip

    def reopen(self, trial: FrozenTrial) -> optuna.Trial:
        """Give a running trial back, to propose what is still missing."""
        return optuna.Trial(self.study, trial._trial_id)

    def _next_place(self) -> int:
        return 1 + max((_place(trial) for trial in self.trials() if trial.state.is_finished()), default=0)

    def _owner(self, trial: FrozenTrial) -> str | None:
        # A process can end between taking a trial and signing it. Alone, it was this one; on a shared study it may have
        # been anybody, and nobody runs it.
        owner: str | None = trial.user_attrs.get(OWNER, None if self.shared else self.owner)
        return owner

    def _objectives(self) -> list[str]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            return list(self.study.metric_names or [])

    def _id(self, number: int) -> int:
        return self.study._storage.get_trial_id_from_study_id_trial_number(self.study._study_id, number)

    def _set(self, number: int, key: str, value: Any) -> None:
        self.study._storage.set_trial_user_attr(self._id(number), key, value)


def check_same_study(ledger: Ledger, about: Mapping[str, Any]) -> None:
    """Make sure that everybody who adds to an Optuna study runs the same one; the first says which.

    Raises ``UserError`` that names what differs.
    """
    own = {
        **{f"spec.{name}": value for name, value in about["spec"].items() if name not in BUDGETS},
        **{name: about["data"][name] for name in ("data_hash", "split_hash")},
        **({"caption_rule": about["data"]["caption_rule"]} if "caption_rule" in about["data"] else {}),
        **({"metrics": about["versions"]["metrics"]} if "metrics" in about.get("versions", {}) else {}),
        "profile": about["profile"],
    }
    if "study" not in ledger.study.user_attrs:
        ledger.study.set_user_attr("study", own)
    first = ledger.study.user_attrs["study"]  # of two who say so at once, both read what was kept
    first = {**{f"spec.{name}": value for name, value in UNSET.items()}, **first}
    for name, value in own.items():
        if first.get(name) != value:
            raise UserError(
                f"the Optuna study {ledger.study.study_name} has {name} {first.get(name)!r}, this one {value!r}: give "
                "another --name"
            )


def in_order_of_end(trials: Sequence[FrozenTrial]) -> list[FrozenTrial]:
    """Select the trials that have ended, in the order in which they did.

    That is the place that each was given at its end, whatever the clock said then. Trials of two machines that ended at
    the same moment may share one: the lower number comes first. Those of an earlier version, which gave no places, come
    before all others, in the order of their times.
    """
    over = [trial for trial in trials if trial.state.is_finished()]
    return sorted(over, key=lambda trial: (place := _place(trial), place or trial.datetime_complete, trial.number))


def _place(trial: FrozenTrial) -> int:
    place: int = trial.user_attrs.get(END, {}).get("place", 0)
    return place


def lacks_epoch(trial: FrozenTrial, epoch: int) -> bool:
    """Say whether an epoch of a trial is still to be recorded: the trial has not ended and the epoch is not there."""
    return not trial.state.is_finished() and _key(epoch) not in trial.user_attrs


def with_epoch(trial: FrozenTrial, epoch: int, values: Mapping[str, float]) -> FrozenTrial:
    """Give a trial as it is read once an epoch more is recorded."""
    more = copy.copy(trial)
    more.user_attrs = {**trial.user_attrs, _key(epoch): dict(values)}
    return more


def _key(epoch: int) -> str:
    return f"{EPOCH}{epoch:03d}"


def epochs_of(trial: FrozenTrial) -> list[dict[str, Any]]:
    """Give what a trial reported, epoch by epoch, each with its ``epoch``."""
    keys = sorted(key for key in trial.user_attrs if key.startswith(EPOCH))
    return [{"epoch": int(key.removeprefix(EPOCH)), **trial.user_attrs[key]} for key in keys]
