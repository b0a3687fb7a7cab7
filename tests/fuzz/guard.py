"""What no input may do beside raising: take long, take much memory, write elsewhere, start programs, connect."""

import contextlib
import faulthandler
import os
import resource
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

MEMORY = 3 * 2**30  # bytes beside what is taken before the first input
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
PATHS = {"os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "shutil.rmtree"}
NEVER = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "socket.connect", "pty.spawn"}


class Broken(BaseException):
    """A rule was broken; no ``except Exception`` of the product hides it."""


class Guard:
    """Watches this process from now on; an audit hook cannot be taken away, so it looks only while it is armed."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = os.path.realpath(scratch)
        self._armed = False
        self.broken: list[str] = []
        sys.addaudithook(self._see)

    @contextlib.contextmanager
    def armed(self, seconds: float) -> Iterator[None]:
        """Watch one input; the process ends, with a traceback, if it takes longer."""
        self.broken.clear()
        faulthandler.dump_traceback_later(seconds, exit=True)
        self._armed = True
        try:
            yield
        finally:
            self._armed = False
            faulthandler.cancel_dump_traceback_later()
        if self.broken:
            raise Broken(self.broken[0])

    def _see(self, event: str, arguments: tuple[object, ...]) -> None:
        if not self._armed:
            return
        if event in NEVER:
            self._break(f"{event} {arguments[:2]}")
        elif event in PATHS or (event == "open" and _writes(arguments)):
            path = arguments[0]
            if isinstance(path, int):
                return
            real = os.path.realpath(Path(_folder(event, arguments), os.fsdecode(path)))  # type: ignore[arg-type]
            if real not in ("/dev/null", self._scratch) and not real.startswith(self._scratch + os.sep):
                self._break(f"{event} of {real}")

    def _break(self, what: str) -> None:
        self.broken.append(what)
        if threading.current_thread() is threading.main_thread():
            raise Broken(what)


def _folder(event: str, arguments: tuple[object, ...]) -> str:
    """Give the folder that a relative path begins in: that of a descriptor, or else the current one."""
    place = {"os.remove": 1, "os.rmdir": 1, "os.mkdir": 2, "shutil.rmtree": 1}.get(event)
    descriptor = arguments[place] if place is not None and len(arguments) > place else None
    return (
        str(Path(f"/proc/self/fd/{descriptor}").readlink()) if isinstance(descriptor, int) and descriptor >= 0 else "."
    )


def _writes(arguments: tuple[object, ...]) -> bool:
    _, mode, flags = arguments
    return any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool(int(flags or 0) & WRITES)  # type: ignore[call-overload]


def limit_memory() -> None:
    """Let inputs take so much and no more: an allocation beyond raises MemoryError, or ends the process."""
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
