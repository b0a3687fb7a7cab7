"""What a run costs in memory."""

import resource
import sys

import torch

_RSS_UNIT = 1 if sys.platform == "darwin" else 1024  # bytes on macOS, KiB on Linux


def reset_peak_memory(device: torch.device) -> None:
    """Start the measurement anew on a GPU; on a CPU the peak is the process's and cannot be reset."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)


def peak_memory_gb(device: torch.device) -> float:
    """Give the most memory held so far in GB (10⁹ bytes): by tensors on a GPU, by the whole process on a CPU.

    >>> 0.05 < peak_memory_gb(torch.device("cpu")) < 1000
    True
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e9
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT / 1e9
