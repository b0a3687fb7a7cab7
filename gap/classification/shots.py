"""Which training images are shown."""

import torch
from jaxtyping import Int
from torch import Tensor

from gap.errors import UserError


def draw_shots(labels: Int[Tensor, " m"], *, classes: int, shots: int, seed: int) -> Int[Tensor, " drawn"]:
    """Draw ``shots`` rows of each class without replacement; returns rows of ``labels``, class by class.

    The draws of one seed are nested: the rows for 4 shots are among those for 8, so that a curve over shots shows what
    more images add and not what other images are.

    Raises ``UserError`` if ``shots`` is below 1 or a class has fewer images.

    >>> draw_shots(torch.tensor([1, 0, 1, 1]), classes=2, shots=1, seed=0).tolist()
    [1, 3]
    """
    if shots < 1:
        raise UserError(f"expected at least 1 shot a class, got {shots}")
    generator = torch.Generator().manual_seed(seed)
    chosen = []
    for label in range(classes):
        rows = (labels.cpu() == label).nonzero()[:, 0]
        if len(rows) < shots:
            raise UserError(f"expected at least {shots} images of every class, got {len(rows)} of class {label}")
        chosen.append(rows[torch.randperm(len(rows), generator=generator)[:shots]])
    return torch.cat(chosen)
