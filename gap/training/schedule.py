"""The learning rate over a run."""

import math


def warmup_cosine(step: int, *, warmup_steps: int, steps: int) -> float:
    """Give the factor on the learning rate at optimiser step ``step`` (from 0): a straight rise, then half a cosine.

    The first step of a warm-up already moves, the step after the last would stand still.

    >>> [round(warmup_cosine(step, warmup_steps=2, steps=6), 3) for step in range(7)]
    [0.5, 1.0, 1.0, 0.854, 0.5, 0.146, 0.0]
    """
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    return 0.5 * (1 + math.cos(math.pi * (step - warmup_steps) / max(steps - warmup_steps, 1)))
