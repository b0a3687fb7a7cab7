"""Progress on standard error: a bar at a terminal, one line elsewhere."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


def say(line: str) -> None:
    """Print a line on standard error."""
    Console(stderr=True, soft_wrap=True, markup=False, highlight=False).print(line)


@contextmanager
def progress_bar(description: str, total: int, *, show: bool) -> Iterator[Callable[..., None]]:
    """Give a function to call after each of ``total`` steps, or with the number of steps made."""
    console = Console(stderr=True)
    if show and console.is_terminal:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console) as bar:
            task = bar.add_task(description, total=total)
            yield lambda steps=1: bar.advance(task, steps)
        return
    if show:
        say(f"{description}: {total}")
    yield lambda steps=1: None
