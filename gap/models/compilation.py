"""torch.compile for the towers' blocks."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from typing import Any, TypeAlias

import torch
from torch import nn
from torch._dynamo.exc import TorchDynamoException

from gap.models.blocks import tower_blocks

Backend: TypeAlias = str | Callable[..., Any]


def compile_blocks(model: nn.Module, *, skip: Collection[str] = (), backend: Backend = "inductor") -> int:
    """Have every block of both towers but those named ``skip`` compiled when it is first run; returns how many.

    A block, not a tower, is the unit: blocks share their compiled code, and what is around them may stay as it is.
    What fails to compile fails when it is run; ``with running(compiled=False)`` runs the blocks as they were.

    >>> compile_blocks(nn.ModuleDict({"visual": nn.ModuleDict({"blocks": nn.ModuleList([nn.ReLU(), nn.ReLU()])})}))
    2
    """
    named = {name: block for tower in tower_blocks(model).values() for name, block in tower.items()}
    blocks = [block for name, block in named.items() if name not in skip]
    for block in blocks:
        block.compile(backend=backend)
    return len(blocks)


def running(*, compiled: bool) -> AbstractContextManager[object]:
    """Run what has been compiled as such, or as if it had never been."""
    stance: AbstractContextManager[object] = torch.compiler.set_stance("default" if compiled else "force_eager")
    return stance


def compilation_failure(error: Exception) -> str:
    """Say in one line why something could not be compiled; empty if ``error`` is another.

    >>> compilation_failure(KeyError("a"))
    ''
    """
    if not isinstance(error, TorchDynamoException):
        return ""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {' '.join(lines[:2])[:200] or 'no reason given'}"
