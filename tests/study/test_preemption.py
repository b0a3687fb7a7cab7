"""SIGTERM, in a process of its own: it ends."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

from study.preemption import ended_by_sigterm

# The main thread is in a wait of the system, which Python's own handlers would have to sit out.
PROGRAM = """\
import ctypes, signal, sys
sys.path.insert(0, {root!r})
from study.preemption import ended_by_sigterm
signal.signal(signal.SIGTERM, lambda number, frame: None)
signal.signal(signal.SIGINT, lambda number, frame: print("noted", flush=True))
with ended_by_sigterm("go on with python"):
    print("ready", flush=True)
    for _ in range(100):
        ctypes.CDLL(None).sleep(60)
"""


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_sigterm_ends_a_process_that_listens_to_nothing() -> None:
    root = str(Path(__file__).resolve().parents[2])
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(root=root)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert process.stdout.readline() == "noted\n"
    assert process.poll() is None  # other signals are other handlers' matter
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 143
    assert errors == "SIGTERM: go on with python\n"


def test_afterwards_nothing_watches_any_more() -> None:
    threads, files = threading.active_count(), open_files()
    with ended_by_sigterm("none"):
        assert threading.active_count() == threads + 1
    assert (threading.active_count(), open_files()) == (threads, files)
    assert signal.set_wakeup_fd(-1) == -1
