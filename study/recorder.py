"""What is kept of a study while it runs: its record, tables, curves, adapters, and what the terminal shows.

Ray tells the recorder of every epoch and every end of a trial. At an end the adapter is copied to its place first and
the record written next: a process that is killed in between ends the trial once more when it is resumed, to the same
effect. Tables follow from the record, and are written anew when a study is resumed.
"""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from ray.tune import Callback, Checkpoint
from ray.tune.experiment import Trial

from gap.errors import UnavailableError
from study.checkpoints import Checkpoints
from study.cosines import add_cosines
from study.display import Display
from study.faults import fault_in
from study.growth import Growth
from study.kept import Kept
from study.ledger import Ledger, epochs_of, in_order_of_end, lacks_epoch, with_epoch
from study.live.board import Board
from study.naming import SEARCHED, trial_id
from study.results import ReplicateResults, Results
from study.selection import counting_epoch
from study.space import StudySpec
from study.tables import Tables, is_value, parameters
from study.trainable import COSINES, FAILURE, FAULT, NOTE, trial_settings


class Recorder(Callback):  # type: ignore[misc]
    """After each call the study's directory is whole.

    ``kept`` holds what complete trials trained, None where nothing stays; ``growth`` follows hypervolumes.
    """

    def __init__(
        self,
        spec: StudySpec,
        directory: Path,
        *,
        ledger: Ledger,
        tables: Tables,
        results: Results | ReplicateResults,
        checkpoints: Checkpoints,
        board: Board,
        growth: Growth | None,
        kept: Kept | None,
        display: Display,
        prefix: str = SEARCHED,
    ) -> None:
        self._spec = spec
        self._directory = directory
        self._ledger = ledger
        self._tables = tables
        self._results = results
        self._checkpoints = checkpoints
        self._board = board
        self._growth = growth
        self._kept = kept
        self._display = display
        self._prefix = prefix
        self._written: set[int] = set()  # trials whose rows stay as they are: they had ended when they were written
        self._notes: dict[str, str] = {}
        self._started: set[str] = set()
        self._lost: dict[str, int] = {}
        self.unstarted: deque[int] = deque()  # trials whose process died before they began: to be run again
        self._failures: dict[str, str] = {}

    def __getstate__(self) -> dict[str, Any]:
        """Give Ray nothing to pickle beside its trials: what is recorded is in the study's own files."""
        return {}

    def bring_up_to_date(self) -> None:
        """Write from the record what a killed process may have left unwritten, and remove what it left over."""
        self._write_all()
        for trial in self._ledger.ended():
            self._checkpoints.drop(self._name(trial.number))

    def on_trial_start(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Show a trial that starts."""
        name, config = self._name_of(trial), parameters(self._spec, trial.config)
        self._started.add(name)
        self._board.start(name, config)
        self._display.start(name, config)

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Record an epoch, once: a trial that goes on from a checkpoint reports again what it had reported.

        Raises ``UnavailableError`` if the trial lacks what every trial needs: nothing is recorded of that.
        """
        name = self._name_of(trial)
        if FAULT in result:
            raise UnavailableError(result[FAULT])
        self._notes[name] = result.get(NOTE, "")
        if FAILURE in result:
            self._failures[name] = result[FAILURE]
            return
        values = {key: value for key, value in result.items() if is_value(key)}
        number, epoch = trial.config["number"], result["epoch"]
        recorded = self._ledger.trial(number)
        if lacks_epoch(recorded, epoch):
            cosines, weights = result.get(COSINES, {}), trial_settings(trial.config)["weights"]
            # Killed before the record has it, an epoch is there twice rather than never.
            self._board.epoch(name, epoch, values, weights=weights, cosines=cosines)
            add_cosines(self._directory, name, epoch, cosines)
            self._ledger.add_epoch(number, epoch, values)
            self._results.write_epochs(self._tables.epochs([with_epoch(recorded, epoch, values)]))
        self._display.epoch(name, epoch, values)

    def on_trial_complete(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Record a trial that ran to its end, was stopped early, or failed by its own numbers."""
        failure = self._failures.get(self._name_of(trial), "")
        done = (trial.last_result or {}).get("epoch", 0)
        self._end(trial, "FAIL" if failure else "STOPPED" if done < trial.config["epochs"] else "COMPLETE", failure)

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """Record a trial that failed again and again, with its reason in one line.

        Ray gives a trial up at once if its process dies before it begins. Such a one is run again, as often as others.
        Raises ``UnavailableError`` if the fault is the machine's.
        """
        error = trial.get_error()  # Ray gives its text alone where the error itself could not be kept
        if error and (fault := fault_in(RuntimeError(str(error)), self._directory)):
            raise UnavailableError(fault)
        name = self._name_of(trial)
        self._lost[name] = self._lost.get(name, 0) + 1
        if name not in self._started and self._lost[name] <= self._spec.restarts:
            self.unstarted.append(trial.config["number"])
            return
        self._end(trial, "FAIL", reason(trial))

    def _end(self, trial: Trial, state: str, error: str) -> None:
        name, number = self._name_of(trial), trial.config["number"]
        epochs = epochs_of(self._ledger.trial(number))
        counting = counting_epoch(epochs, self._spec.objective_epoch) if epochs else {}
        # Opened once: of a storage that is a URI, that is a download.
        with nullcontext() if state == "FAIL" else self._newest_checkpoint(trial) as checkpoint:
            if state == "COMPLETE" and self._kept is not None:
                if checkpoint is None:
                    raise RuntimeError(f"{name} ended without a checkpoint")
                self._kept.keep(name, checkpoint)
            self._ledger.end(
                number,
                state,
                values=counting,
                constraints=self._spec.conditions,
                about={"note": self._notes.get(name) or None, "error": error or None},
            )
            self._display.end(name, state, error)
            self._write_all()
            if checkpoint is not None and counting:
                self._board.pictures(name, checkpoint, counting["epoch"])
        self._board.end(name, state)
        self._checkpoints.drop(name)

    def _write_all(self) -> None:
        """Write every table; on a shared study, what other machines have recorded since the last time is in them."""
        trials = self._ledger.trials()
        changed = [trial for trial in trials if trial.number not in self._written]
        self._results.write_epochs(self._tables.epochs(changed))
        rows = self._tables.trials(changed)
        front = self._results.write_trials(rows)
        if self._spec.keep_adapters == "front" and self._kept is not None:
            running = {self._name(trial.number) for trial in self._ledger.own_running(trials)}
            self._kept.prune(front.keys() | running)
        if self._growth is not None:
            self._growth.write(in_order_of_end(trials))
        self._written |= {trial.number for trial in changed if trial.state.is_finished()}
        volumes = self._growth.hypervolumes if self._growth is not None else []
        self._display.record(rows, front, volumes[-1] if volumes else None)

    @contextmanager
    def _newest_checkpoint(self, trial: Trial) -> Iterator[Path | None]:
        # A trial that had nothing left to do when it went on has made no checkpoint since.
        left = [Checkpoint(path) for path in self._checkpoints.of(self._name_of(trial))]
        if (newest := trial.checkpoint or next(iter(left), None)) is None:
            yield None
        else:
            with newest.as_directory() as checkpoint:
                yield Path(checkpoint)

    def _name(self, number: int) -> str:
        return trial_id(number, self._prefix)

    def _name_of(self, trial: Trial) -> str:
        return self._name(trial.config["number"])


def reason(trial: Trial) -> str:
    """Give the last line of what a trial raised."""
    error = trial.get_error()
    lines = [line.strip() for line in str(error or "").splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__ if error else "its process died before it began"
