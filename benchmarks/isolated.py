"""Functions run each in a process of its own, so that the memory of one is not another's."""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock

T = TypeVar("T")
# Without it glibc keeps freed memory in its heap, by chance more or less of it.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": "65536", "MALLOC_TRIM_THRESHOLD_": "65536"}
ROOT = Path(__file__).resolve().parents[1]


def run_module(name: str, *arguments: str) -> str:
    """Run ``python -m NAME ARGUMENTS`` and give the last line of its output."""
    command, environment = [sys.executable, "-m", name, *arguments], {**os.environ, **ALLOCATOR}
    done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return done.stdout.splitlines()[-1]


@contextmanager
def isolated(imports: Sequence[str]) -> Iterator[Callable[..., Any]]:
    """Give ``run(function, *arguments)``; every call has a fresh process, in which ``imports`` are imported already.

    Threads of torch's are none in it yet. A function is looked up by its module and name.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(imports))
    with mock.patch.dict(os.environ, ALLOCATOR), context.Pool(1, maxtasksperchild=1) as pool:

        def run(function: Callable[..., T], *arguments: Any) -> T:
            return pool.apply(function, arguments)

        yield run
