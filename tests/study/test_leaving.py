import errno
import signal
import threading
from pathlib import Path

import pytest

from gap.errors import UnavailableError, UserError
from study.leaving import resumable
from study.signals import Signals

COMMAND = "python study/run.py --resume results/a"


@pytest.fixture(autouse=True)
def in_a_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def here() -> Path:
    return Path.cwd() / "results" / "a"


def test_a_fault_of_the_machine_comes_with_the_command_that_goes_on() -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "trials.csv")
    with (
        pytest.raises(UserError, match=rf"^no space left .* trials\.csv: make room, then go on: {COMMAND}$"),
        resumable(here(), Signals()),
    ):
        raise full
    with (
        pytest.raises(UserError, match=rf"^the data are gone, then go on: {COMMAND}$"),
        resumable(here(), Signals()),
    ):
        raise UnavailableError("the data are gone")


@pytest.mark.parametrize("error", [UserError("--name: no"), ZeroDivisionError()])
def test_other_errors_stay_as_they_are(error: Exception) -> None:
    with pytest.raises(type(error)) as caught, resumable(here(), Signals()):
        raise error
    assert caught.value is error


def test_an_interrupt_says_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    signals = Signals()
    signals.got.append(signal.SIGINT)
    with pytest.raises(SystemExit) as caught, resumable(here(), signals):
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert capsys.readouterr().err.endswith(f"{COMMAND}\n")


def test_a_thread_that_meets_a_full_disk_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[BaseException | None] = []

    def hook(arguments: threading.ExceptHookArgs) -> None:
        told.append(arguments.exc_value)

    def run(error: Exception) -> None:
        def fail() -> None:
            raise error

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(threading, "excepthook", hook)
        with resumable(here(), Signals()):
            run(OSError(errno.ENOSPC, "No space left on device"))
            run(bug := ZeroDivisionError())
        assert threading.excepthook is hook
    assert told == [bug]
