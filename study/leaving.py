"""How a study that has its directory is left when something ends it: with the command that goes on."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gap.errors import UserError
from study.faults import fault_in
from study.preemption import ended_by_sigterm
from study.ray_directory import ray_directory
from study.resume import resume_command
from study.signals import Signals


@contextmanager
def resumable(directory: Path, signals: Signals) -> Iterator[None]:
    """Turn what the machine does to a study into one line with the remedy.

    Raises ``UserError`` for a fault of the machine and ``SystemExit`` when the user interrupts; any other error is an
    error of the program and stays as it is. SIGTERM ends the process.
    """
    command = resume_command(directory)
    try:
        with _quiet_threads(), ended_by_sigterm(f"stopped; to go on with the last saved epochs: {command}"):
            yield
    except KeyboardInterrupt:
        print(f"stopped; to go on with the last saved epochs: {command}", file=sys.stderr)
        raise SystemExit(signals.exit_code) from None
    except Exception as error:
        if (fault := fault_in(error, f"{directory} or of Ray's files in {ray_directory()}")) is None:
            raise
        raise UserError(f"{fault}, then go on: {command}") from error


@contextmanager
def _quiet_threads() -> Iterator[None]:
    """Let no thread print what a fault of the machine does to it: this one meets the same fault, and says it."""
    before = threading.excepthook

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is None or fault_in(arguments.exc_value, "") is None:
            before(arguments)

    threading.excepthook = hook
    try:
        yield
    finally:
        threading.excepthook = before
