import signal
from collections.abc import Iterator

import pytest

from study.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    signals = Signals()
    signals.listen()
    yield signals
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_outside_the_trials_a_signal_ends_the_command(signals: Signals, number: int, code: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signals.exit_code == code


def test_within_the_trials_two_interrupts_are_noted_and_the_third_ends_the_command(signals: Signals) -> None:
    with signals.noted():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
        assert signals.got == [signal.SIGINT] * 2
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)


def test_sigterm_is_never_only_noted(signals: Signals) -> None:
    with signals.noted(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
    assert signals.exit_code == 143


def test_a_library_may_take_a_signal_and_is_overruled(signals: Signals) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signals.listen()
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGTERM)
