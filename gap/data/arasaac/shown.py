"""Progress of a download: a bar with bytes and time left at a terminal, a line now and then elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gap.data.progress import say

EVERY = 15.0  # seconds between two lines


@contextmanager
def transfer(
    description: str, total: int, *, show: bool, clock: Callable[[], float] = time.monotonic
) -> Iterator[Callable[[int], None]]:
    """Give a function to call after each of ``total`` files with the bytes that came."""
    console = Console(stderr=True)
    if not (show and total):
        yield lambda _: None
    elif console.is_terminal:
        columns = (
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[came]}"),
            TimeRemainingColumn(),
        )  # fmt: skip
        with Progress(*columns, console=console) as bar:
            task, came = bar.add_task(description, total=total, came=megabytes(0)), 0

            def advance(count: int) -> None:
                nonlocal came
                came += count
                bar.update(task, advance=1, came=megabytes(came))

            yield advance
    else:
        yield _lines(description, total, clock)


def megabytes(count: int) -> str:
    """Write a number of bytes.

    >>> megabytes(157_412_000)
    '157.4 MB'
    """
    return f"{count / 1e6:,.1f} MB"


def _lines(description: str, total: int, clock: Callable[[], float]) -> Callable[[int], None]:
    began = said = clock()
    done = came = 0
    say(f"{description}: {total:,}")

    def advance(count: int) -> None:
        nonlocal said, done, came
        done, came, now = done + 1, came + count, clock()
        if now - said >= EVERY and done < total:
            said, left = now, (total - done) * (now - began) / done
            minutes, seconds = divmod(round(left), 60)
            say(f"{description}: {done:,} of {total:,}, {megabytes(came)}, {minutes}:{seconds:02} left")

    return advance
