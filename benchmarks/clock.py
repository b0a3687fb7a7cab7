"""Where time goes: seconds by part, of functions that call one another."""

import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest import mock


class Clock:
    """Counts the seconds of every part; a part's own, without those of the parts that it calls.

    >>> clock = Clock()
    >>> inner = clock.timed("inner", lambda: time.sleep(0.02))
    >>> clock.timed("outer", inner)()
    >>> clock.seconds["inner"] >= 0.02 > clock.seconds["outer"]
    True
    """

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._inside: list[float] = [0.0]  # seconds of the parts that each running part has called

    def timed(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Give ``function`` with its time counted under ``part``."""

        def call(*args: Any, **kwargs: Any) -> Any:
            began = time.perf_counter()
            self._inside.append(0.0)
            try:
                return function(*args, **kwargs)
            finally:
                whole = time.perf_counter() - began
                self.seconds[part] += whole - self._inside.pop()
                self._inside[-1] += whole

        return call

    def watching(self, part: str, owner: object, *names: str) -> AbstractContextManager[object]:
        """Count what calls of these attributes of an object or a module take, while the context lasts."""
        stack = ExitStack()
        for name in names:
            stack.enter_context(mock.patch.object(owner, name, self.timed(part, getattr(owner, name))))
        return stack
