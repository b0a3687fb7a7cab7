"""What part of the machine, or of the cluster, a trial gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gap.errors import UserError


@dataclass(frozen=True)
class Share:
    """Processors and GPUs of one trial."""

    cpus: int
    gpus: float


def share_of(
    nodes: Sequence[Mapping[str, float]], *, concurrent: int, device: str, gpus_per_trial: float | None = None
) -> Share:
    """Divide the nodes' ``CPU`` and ``GPU`` among ``concurrent`` trials; each has to fit on one node.

    Several trials share a GPU if there are fewer GPUs than trials. Raises ``UserError`` if they cannot run at once.

    >>> share_of([{"CPU": 16, "GPU": 4}], concurrent=4, device="cuda")
    Share(cpus=4, gpus=1.0)
    >>> share_of([{"CPU": 16, "GPU": 1}], concurrent=2, device="cuda")
    Share(cpus=8, gpus=0.5)
    """
    gpus = sum(node.get("GPU", 0) for node in nodes) if device == "cuda" else 0
    if device == "cuda" and not gpus:
        raise UserError("the study runs on cuda, and Ray sees no GPU: start its nodes with --num-gpus")
    each = gpus_per_trial if gpus_per_trial is not None else (gpus / concurrent if gpus < concurrent else 1)
    gpu = float(each) if device == "cuda" else 0.0
    for cpus in range(int(max(node.get("CPU", 0) for node in nodes)), 0, -1):
        if _slots(nodes, cpus, gpu) >= concurrent:
            return Share(cpus, gpu)
    fit = _slots(nodes, 1, gpu)
    raise UserError(f"--concurrent {concurrent}: only {fit} trials with {gpu:g} GPUs and a processor each fit at once")


def _slots(nodes: Sequence[Mapping[str, float]], cpus: int, gpus: float) -> int:
    """Count the trials of this size that fit at once."""
    tolerance = 1e-9
    return sum(
        min(
            int(node.get("CPU", 0) // cpus),
            int((node.get("GPU", 0) + tolerance) // gpus) if gpus else int(node.get("CPU", 0) // cpus),
        )
        for node in nodes
    )
