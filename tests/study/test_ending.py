import signal

from study.ending import FINISHING, STOPPING, Ending
from study.signals import Signals
from study.stopping import TimeLimit


class Case:
    """An ending whose signals are at hand."""

    def __init__(self, hours: float | None = None) -> None:
        self.signals, self.said = Signals(), list[str]()
        self.ending = Ending(self.signals, TimeLimit(hours), self.said.append)

    def interrupt(self) -> None:
        self.signals.got.append(signal.SIGINT)


def test_nothing_ends_a_study_that_nobody_disturbs() -> None:
    case = Case()
    case.ending.trial_runs("a")
    case.ending.epoch_is_saved("a")
    assert (case.ending.stop_all(), case.ending.begun, case.said) == (False, False, [])


def test_the_first_interrupt_lets_every_running_trial_finish_its_epoch() -> None:
    case = Case()
    for trial in "abc":
        case.ending.trial_runs(trial)
    case.ending.trial_is_over("c")
    case.interrupt()
    assert case.ending.begun  # no trial begins from now on
    assert not case.ending.stop_all()
    case.ending.epoch_is_saved("a")
    assert not case.ending.stop_all()
    case.ending.trial_is_over("b")  # its last epoch
    assert case.ending.stop_all()
    assert case.said == [FINISHING]


def test_the_second_interrupt_waits_for_nothing() -> None:
    case = Case()
    case.ending.trial_runs("a")
    case.interrupt()
    assert not case.ending.stop_all()
    case.interrupt()
    assert case.ending.stop_all()
    assert case.ending.stop_all()
    assert case.said == [FINISHING, STOPPING]


def test_there_is_nothing_to_wait_for_while_no_trial_runs() -> None:
    case = Case()
    case.interrupt()
    assert case.ending.stop_all()
    assert case.said == []


def test_a_fault_and_the_time_limit_end_at_once() -> None:
    failed, late = Case(), Case(hours=0.0)
    for case in (failed, late):
        case.ending.trial_runs("a")
    failed.ending.fault = OSError("full")
    assert failed.ending.stop_all()
    assert failed.ending.begun
    assert late.ending.stop_all()
    assert late.ending.begun
    assert late.ending("a", {}) is False  # no single trial is stopped
