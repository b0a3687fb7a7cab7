"""Peak memory of one training step: the whole batch at once against cached gradients."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from benchmarks.isolated import isolated
from benchmarks.memory import peak
from benchmarks.rows import Row, ratio_row

ROUNDS = {90: 5, 512: 5, 4096: 1}  # by batch: what is measured hardly varies, and the largest takes its time
CHUNK = 32


def step_peak_gb(batch: int, chunk: int) -> float:
    """Make a DoRA step of ``tiny`` in this process; gives the growth of its peak memory, the model not counted."""
    import torch

    from benchmarks.steps import our_step, random_clip, random_data

    clip = random_clip("tiny")
    data = random_data(clip, batch)
    step = our_step(clip, data, torch.device("cpu"), batch=batch, chunk=chunk, checkpointing=False, precision="fp32")
    with peak() as memory:
        step(0)
    return memory.resident_gb


def memory(rounds: Mapping[int, int] = MappingProxyType(ROUNDS)) -> list[Row]:
    """Compare cached gradients with the whole batch at once, for every batch; each step in a process of its own."""
    ways = {batch: (min(CHUNK, batch), batch) for batch in rounds}
    found: dict[tuple[int, int], list[float]] = {}
    with isolated(["benchmarks.steps"]) as run:
        for number in range(max(rounds.values())):
            for batch, chunks in ways.items():
                for chunk in chunks if number < rounds[batch] else ():
                    found.setdefault((batch, chunk), []).append(run(step_peak_gb, batch, chunk))
    rows = []
    for batch, (chunk, whole) in ways.items():
        ours, theirs = found[batch, chunk], found[batch, whole]
        note = (
            f"tiny, DoRA, {len(ours)} runs; {np.median(ours):.3f} and {np.median(theirs):.3f} GB, growth of ru_maxrss"
        )
        rows.append(ratio_row(_name(batch), "all at once", ours, theirs, note))
    *earlier, last = sorted(rounds)
    for batch in earlier:
        least, most = (found[one, ways[one][0]][: rounds[last]] for one in (batch, last))
        note = f"{np.median(most):.3f} and {np.median(least):.3f} GB; the batch's features and logits grow"
        rows.append(ratio_row(_name(last), f"batch {batch:,}, the same way", most, least, note))
    return rows


def _name(batch: int) -> str:
    return f"peak memory, batch {batch:,}, {CHUNK} pairs at once"
