"""Gradient descent on cross-entropy over the shots, the same for every classifier that is trained."""

import math
from collections.abc import Callable, Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812


def learn(
    parameters: Sequence[Tensor],
    logits_of: Callable[[Float[Tensor, "b d"]], Float[Tensor, "b c"]],
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    *,
    generator: torch.Generator,
    epochs: int,
    batch_size: int,
    learning_rate: float,
    eps: float = 1e-8,
) -> None:
    """Change ``parameters`` in place so that ``logits_of(shots)`` say ``labels``.

    AdamW with a cosine that ends at 0, shuffled batches from ``generator``; the last batch of an epoch may be smaller.

    >>> weight = torch.zeros(2, 2, requires_grad=True)
    >>> settings = {"epochs": 9, "batch_size": 2, "learning_rate": 0.1, "generator": torch.Generator()}
    >>> learn([weight], lambda x: x @ weight, torch.eye(2), torch.tensor([1, 0]), **settings)
    >>> weight.argmax(dim=1).tolist()
    [1, 0]
    """
    optimiser = torch.optim.AdamW(parameters, lr=learning_rate, eps=eps)
    steps = max(1, epochs * math.ceil(len(shots) / batch_size))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    with torch.enable_grad():
        for _ in range(epochs):
            for rows in torch.randperm(len(shots), generator=generator).to(shots.device).split(batch_size):
                optimiser.zero_grad()
                F.cross_entropy(logits_of(shots[rows]), labels[rows].long()).backward()
                optimiser.step()
                schedule.step()
