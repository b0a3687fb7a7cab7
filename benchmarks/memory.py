"""The memory of one process while it works, read where the kernel keeps it; Linux."""

import resource
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STATUS = Path("/proc/self/status")
INTERVAL = 0.005  # s


@dataclass
class Peak:
    """How much more memory than at the start was held at the most, in GB (10⁹ bytes).

    ``resident_gb`` counts every page in memory, those of files that are mapped and can be dropped at any time among
    them; it is exact. ``own_gb`` counts the process's own pages alone, looked at every 5 ms; None off Linux.
    """

    resident_gb: float = 0.0
    own_gb: float | None = None


def resident_gb() -> float:
    """Give the most memory this process has held so far; it never falls."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9


def own_gb() -> float | None:
    """Give the memory that this process holds now without the files that it maps; None off Linux."""
    if not STATUS.exists():
        return None
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith("RssAnon"))
    return int(line.split()[1]) * 1024 / 1e9


@contextmanager
def peak() -> Iterator[Peak]:
    """Measure what the body adds to the process; a process measures once, as its peak never falls."""
    found, over = Peak(), threading.Event()
    before, own = resident_gb(), own_gb()

    def look() -> None:
        while not over.is_set():
            now = own_gb()
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
        found.resident_gb = resident_gb() - before
