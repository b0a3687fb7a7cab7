"""SIGTERM, as a cluster sends it before it kills: the process ends at once, and everything is resumable.

Nothing waits for it. Every epoch was saved when it ended, and every file is whole at every moment, so there is nothing
to be saved in the seconds that are left. Most clusters send SIGTERM to Ray's processes too: without them this one is
soon ended from within Ray, without a word.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

SHOW_CURSOR = b"\x1b[?25h"
EXIT_CODE = 128 + signal.SIGTERM


@contextmanager
def ended_by_sigterm(last_words: str) -> Iterator[None]:
    """Within it SIGTERM ends the process with code 143 and ``last_words`` on standard error.

    A thread of its own sees to that: Python's handlers wait for the main thread, which may be deep in a library. The
    signals have to have handlers, whatever these do. Raises ``ValueError`` outside the main thread.
    """
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    watch = threading.Thread(target=_watch, args=(reader, f"SIGTERM: {last_words}\n".encode()), daemon=True)
    watch.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writer)
        watch.join()
        os.close(reader)


def _watch(reader: int, last_words: bytes) -> None:
    while got := os.read(reader, 64):
        if signal.SIGTERM in got:
            if sys.stdout.isatty():
                os.write(1, SHOW_CURSOR)
            os.write(2, last_words)
            os._exit(EXIT_CODE)
