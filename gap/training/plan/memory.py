"""How the memory of a step grows with the pairs that are embedded at once, and how many of them fit."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch.nn import functional as F  # noqa: N812

from gap.losses import total_loss
from gap.training.plan.simulate import Simulated, peak_and_flops


@dataclass(frozen=True)
class StepMemory:
    """Bytes of a step whose batch is embedded in chunks: ``fixed`` + ``per_pair``·chunk + ``batch``.

    ``batch`` is what the whole batch needs whatever the chunk: its pixels as they are stored, both embeddings with
    their gradients, and what the loss makes of them.

    >>> StepMemory(fixed=1000, per_pair=10.0, batch=200).peak(5)
    1250
    """

    fixed: int
    per_pair: float
    batch: int

    def peak(self, chunk: int) -> int:
        """Give the most bytes held in a step with chunks of this many pairs."""
        return round(self.fixed + self.per_pair * chunk + self.batch)

    def largest_chunk(self, budget: int) -> int:
        """Give the most pairs whose chunk leaves the peak within ``budget`` bytes, 0 if not even one does.

        >>> StepMemory(fixed=1000, per_pair=10.0, batch=200).largest_chunk(1255)
        5
        """
        return max(int((budget - self.fixed - self.batch) // self.per_pair), 0)


def step_memory(steps: Sequence[Simulated], *, batch: int) -> StepMemory:
    """Lay the line through the peaks of the smallest and the largest of some simulated steps.

    The peak is the greatest of many moments, each of them linear in the number of pairs: a convex function, so the line
    is an upper bound between the two, and a lower one, if a close one, beyond.

    >>> step_memory([Simulated(2, 30, 0, 0, 0, 0), Simulated(4, 50, 0, 0, 0, 0)], batch=7)
    StepMemory(fixed=10, per_pair=10.0, batch=7)
    """
    first, last = min(steps, key=lambda step: step.pairs), max(steps, key=lambda step: step.pairs)
    per_pair = (last.peak - first.peak) / (last.pairs - first.pairs)
    return StepMemory(fixed=round(last.peak - per_pair * last.pairs), per_pair=per_pair, batch=batch)


def batch_bytes(pairs: int, *, image_size: int, embed_dim: int, terms: Mapping[str, float]) -> int:
    """Give the bytes that a batch of this many pairs needs as a whole, however small its chunks.

    >>> one = batch_bytes(100, image_size=32, embed_dim=16, terms={"ce": 1.0})
    >>> one > 100 * 3 * 32 * 32 + 4 * 100 * 16 * 4 + 100 * 100 * 4
    True
    """

    def loss() -> None:
        image, text = (torch.empty(pairs, embed_dim, requires_grad=True) for _ in range(2))
        scale = torch.empty((), requires_grad=True)
        units = (F.normalize(features, dim=-1) for features in (image, text))
        total, _ = total_loss(*units, terms=terms, logit_scale=scale.exp(), logit_bias=0.0, alpha=1.0, beta=1.0)
        total.backward()

    return pairs * 3 * image_size**2 + peak_and_flops(loss)[0]
