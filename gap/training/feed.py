"""What the device needs next is read while it computes."""

import queue
import threading
import time
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")
_POLL = 0.1  # seconds between a waiting reader's looks at whether anybody still wants its items


class Feed(Generic[T]):
    """Run an iterable ``depth`` items ahead in a thread of its own; an error in it is raised where its item is due.

    ``waited`` counts the seconds that were spent waiting for items. Leaving the context ends the thread.

    >>> with Feed(iter([1, 2, 3])) as feed:
    ...     list(feed)
    [1, 2, 3]
    """

    def __init__(self, items: Iterable[T], *, depth: int = 2) -> None:
        self.waited = 0.0
        self._ready: queue.Queue[tuple[bool, T | BaseException | None]] = queue.Queue(maxsize=depth)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(items,), name="feed", daemon=True)

    def __enter__(self) -> "Feed[T]":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        began = time.perf_counter()
        is_item, value = self._ready.get()
        self.waited += time.perf_counter() - began
        if is_item:
            return value  # type: ignore[return-value]
        self._ready.put((is_item, value))  # the end stays the end
        raise StopIteration if value is None else value  # type: ignore[misc]

    def _read(self, items: Iterable[T]) -> None:
        try:
            for item in items:
                if not self._put(True, item):
                    return
            self._put(False, None)
        except BaseException as error:
            self._put(False, error)

    def _put(self, is_item: bool, value: T | BaseException | None) -> bool:
        while not self._over.is_set():
            try:
                self._ready.put((is_item, value), timeout=_POLL)
                return True
            except queue.Full:
                continue
        return False
