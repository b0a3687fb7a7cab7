"""The memory of one process while it works, read where the kernel keeps it."""

import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

STATUS, RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
INTERVAL = 0.005  # s


@dataclass
class Peak:
    """How much more memory than at the start was held at the most, in GB (10⁹ bytes).

    ``resident_gb`` counts every page in memory, those of files that are mapped and can be dropped at any time among
    them; it is the kernel's own count. ``own_gb`` counts the process's own pages alone, looked at every 5 ms; None off
    Linux.
    """

    resident_gb: float = 0.0
    own_gb: float | None = None


def held_gb(line: str) -> float | None:
    """Read a line of the process's status, such as ``VmRSS``, memory in use, or ``VmHWM``, its peak; None off Linux."""
    if not STATUS.exists():
        return None
    found = next(text for text in STATUS.read_text().splitlines() if text.startswith(f"{line}:"))
    return int(found.split()[1]) * 1024 / 1e9


def most_gb() -> float:
    """Give the most memory that the process has held so far, or since the count was begun anew."""
    unit = 1 if sys.platform == "darwin" else 1024
    found = held_gb("VmHWM")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9 if found is None else found


@contextmanager
def peak() -> Iterator[Peak]:
    """Measure what the body adds to the process.

    On Linux the peak's count begins anew; elsewhere it never falls, so that a process can measure only once.
    """
    with suppress(OSError):  # there is no such file, or it may not be written
        RESET.write_text("5")
    found, over = Peak(), threading.Event()
    before, own = most_gb(), held_gb("RssAnon")

    def look() -> None:
        while not over.is_set():
            now = held_gb("RssAnon")
            if now is not None and own is not None:
                found.own_gb = max(found.own_gb or 0.0, now - own)
            time.sleep(INTERVAL)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()
        found.resident_gb = most_gb() - before
