"""Which pairs make a batch, and how stored pixels become a model's input."""

from collections.abc import Iterator

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from gap.training.distinct import steps_of


def epoch_batches(
    rows: Int[np.ndarray, " n"], *, batch_size: int, seed: int, epoch: int
) -> Iterator[Int[np.ndarray, " b"]]:
    """Cut one epoch into batches: every row at most once, in an order that ``seed`` and ``epoch`` alone decide.

    A contrastive loss depends on the size of its batch, and a short last batch spikes its gradient: rows that do not
    fill a batch are left out of this epoch (another order leaves out others). Fewer rows than a batch are one batch.

    >>> [batch.tolist() for batch in epoch_batches(np.arange(5), batch_size=2, seed=0, epoch=1)]
    [[1, 4], [3, 0]]
    """
    if len(rows) < 2:
        raise ValueError(f"training needs at least 2 pairs, got {len(rows)}")
    order = np.random.default_rng([seed, epoch]).permutation(rows)
    for start in range(0, steps_of(len(rows), batch_size) * batch_size, batch_size):
        yield order[start : start + batch_size]


def to_pixels(
    images: UInt8[Tensor, "b h w 3"],
    *,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
    device: torch.device,
) -> Float[Tensor, "b 3 h w"]:
    """Normalise stored pixels on the device: (v/255 − mean)/std, channels last in memory.

    >>> white = torch.full((1, 2, 2, 3), 255, dtype=torch.uint8)
    >>> half = (0.5, 0.5, 0.5)
    >>> pixels = to_pixels(white, mean=half, std=half, device=torch.device("cpu"))
    >>> pixels.shape, pixels.unique().tolist()
    (torch.Size([1, 3, 2, 2]), [1.0])
    """
    pixels = images.to(device, non_blocking=True).permute(0, 3, 1, 2).float()
    scale = torch.tensor(std, device=device).mul(255).view(1, 3, 1, 1)
    shift = torch.tensor(mean, device=device).div(torch.tensor(std, device=device)).view(1, 3, 1, 1)
    return pixels.div(scale).sub(shift).contiguous(memory_format=torch.channels_last)
