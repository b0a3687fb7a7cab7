"""Ctrl-C: outside the trials it ends the command, within them it is only noted. SIGTERM always ends the command."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 2  # so many Ctrl-C are noted while trials run; the next one ends the command whatever it does


class Signals:
    """The signals that this process got, in their order; they are caught from ``listen`` on.

    A Ctrl-C in the terminal goes to every process of its group: Ray's own have it blocked, and those of trials are in
    groups of their own, so that it reaches this one alone.
    """

    def __init__(self) -> None:
        self.got: list[int] = []
        self._noting = False

    def listen(self) -> None:
        """Catch the signals, once more after a library has caught them for itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._hear)

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note Ctrl-C instead of raising ``KeyboardInterrupt``: whoever runs within looks at ``got``."""
        self._noting = True
        try:
            yield
        finally:
            self._noting = False

    @property
    def exit_code(self) -> int:
        """What a shell expects of a process that a signal ended: 130 after Ctrl-C, 143 after SIGTERM."""
        return 128 + (signal.SIGTERM if signal.SIGTERM in self.got else signal.SIGINT)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        self.got.append(number)
        if not self._noting or number == signal.SIGTERM or len(self.got) > PATIENCE:
            raise KeyboardInterrupt
