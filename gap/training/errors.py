"""How a run can fail by its own numbers, or by its machine's memory."""

import torch


class NonFiniteError(ArithmeticError):
    """A loss or a metric became infinite or not a number: the run has failed, whatever came before."""


def out_of_memory(error: Exception) -> str:
    """Say in one line that memory ran out; empty if ``error`` is another.

    >>> out_of_memory(MemoryError("no 3 GB")), out_of_memory(KeyError("a"))
    ('out of memory: no 3 GB', '')
    """
    text = " ".join(str(error).split())[:200]
    ours = isinstance(error, (torch.OutOfMemoryError, MemoryError)) or "DefaultCPUAllocator" in text
    return f"out of memory: {text}" if ours else ""
