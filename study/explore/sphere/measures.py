"""What is measured of two clouds: every loss term, their total, and the metrics that are cheap."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gap.losses import TERMS, total_loss
from gap.metrics import (
    centred_residual,
    mean_cosine,
    mean_norm,
    min_cosine,
    misalignment,
    modality_gap,
    relative_modality_gap,
    uniformity,
)
from gap.metrics.retrieval import best_ranks

TOTAL = "total"
Points = Float[Tensor, "n d"]


@dataclass(frozen=True)
class Loss:
    """A weighted sum of terms, and what the terms need besides the points."""

    weights: tuple[tuple[str, float], ...] = (("ce", 1.0),)
    alpha: float = 1.0
    beta: float = 1.0
    logit_scale: float = 10.0

    def __call__(self, x: Points, y: Points, weights: dict[str, float] | None = None) -> Float[Tensor, ""]:
        """Give the total, or that of other ``weights``. Raises ``ValueError`` where a term needs more rows."""
        terms = dict(self.weights) if weights is None else weights
        return total_loss(x, y, terms=terms, logit_scale=self.logit_scale, alpha=self.alpha, beta=self.beta)[0]


def full_recall_at_1(x: Points, y: Points) -> Float[Tensor, ""]:
    """Give R@1 over all points, the mean of both directions, in per cent.

    >>> full_recall_at_1(torch.eye(2), torch.eye(2)).item()
    100.0
    """
    right = list(np.arange(len(x))[:, None])
    ranks = torch.cat([best_ranks(x, y, right), best_ranks(y, x, right)])
    return 100 * (ranks <= 1).double().mean()


MEASURES: dict[str, Callable[[Points, Points], Tensor]] = {
    "modality_gap": modality_gap,
    "misalignment": misalignment,
    "uniformity": uniformity,
    "relative_modality_gap": relative_modality_gap,
    "centred_residual": centred_residual,
    "image_mean_norm": lambda x, y: mean_norm(x),
    "text_mean_norm": lambda x, y: mean_norm(y),
    "image_cone_mean": lambda x, y: mean_cosine(x),
    "text_cone_mean": lambda x, y: mean_cosine(y),
    "image_cone_min": lambda x, y: min_cosine(x),
    "text_cone_min": lambda x, y: min_cosine(y),
    "full_recall_at_1": full_recall_at_1,
}
QUANTITIES = (TOTAL, *TERMS, *MEASURES)


def measure(name: str, x: Points, y: Points, loss: Loss) -> float:
    """Give a term, a metric or the total by name. Raises ``ValueError`` where it needs more rows.

    >>> x = torch.eye(2)
    >>> measure("centroid", x, -x, Loss()), round(measure("modality_gap", x, -x, Loss()), 4)
    (2.0, 1.4142)
    """
    if name in MEASURES:
        return MEASURES[name](x, y).item()
    return loss(x, y, None if name == TOTAL else {name: 1.0}).item()


@torch.no_grad()
def measure_all(names: Iterable[str], x: Points, y: Points, loss: Loss) -> tuple[dict[str, float], list[str]]:
    """Give the quantities that these points have, by name, and for the others why they have none."""
    values, reasons = {}, []
    for name in names:
        try:
            values[name] = measure(name, x, y, loss)
        except ValueError as error:
            reasons.append(str(error))
    return values, list(dict.fromkeys(reasons))
