"""How many pairs of a batch are in memory at once."""

from collections.abc import Callable

import psutil
import torch

from gap.training.config import TrialConfig
from gap.training.once import once
from gap.training.plan.trial import plan_trial

MARGIN = 0.85  # plans are within 15 % of what is measured
# What a plan of memory depends on.
_PLANNED = (
    "model", "pretrained", "quick_gelu", "method", "rank", "last_n", "adapt_blocks", "gradient_checkpointing",
    "precision", "terms", "batch_size", "temperature", "device",
)  # fmt: skip


def pairs_at_once(config: TrialConfig, *, note: Callable[[str], None], free: int | None = None) -> int:
    """Give the chunk that a run begins with: the batch, a given size, or for ``auto`` the largest planned to fit.

    ``free`` is the memory that the run may take, in bytes: by default what its device has free now. ``note`` is told
    what ``auto`` came to. A chunk that turns out too large is halved in the first step.
    """
    if config.chunk_size != "auto":
        return min(config.chunk_size or config.batch_size, config.batch_size)
    free = free_memory(torch.device(config.device)) if free is None else free
    key = ("plan", *(getattr(config, name) for name in _PLANNED))
    plan = once(key, lambda: plan_trial(config, like=config.device))
    chunk = max(min(plan.memory.largest_chunk(round(MARGIN * free)), config.batch_size), 1)
    peak = plan.memory.peak(chunk) / 1e9
    if chunk < config.batch_size:
        note(
            f"chunk_size auto: {chunk} of {config.batch_size} pairs, {peak:.1f} GB planned of {free / 1e9:.1f} GB free"
        )
    return chunk


def free_memory(device: torch.device) -> int:
    """Give the bytes that a run on this device could take, those that this process holds there already among them.

    >>> free_memory(torch.device("cpu")) > 1_000_000
    True
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    return int(psutil.virtual_memory().available)
