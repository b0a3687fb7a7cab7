"""Imports of the heavy libraries in three quarters of the time."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quick_imports() -> Iterator[None]:
    """Look for no garbage while modules are imported: they bring millions of objects and leave hardly any behind.

    >>> with quick_imports():
    ...     import torch
    >>> gc.isenabled()
    True
    """
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
