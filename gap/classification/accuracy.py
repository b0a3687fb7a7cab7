"""How often a classifier is right."""

from jaxtyping import Float, Int
from torch import Tensor

from gap.errors import UserError


def accuracy(logits: Float[Tensor, "n c"], labels: Int[Tensor, " n"]) -> Float[Tensor, ""]:
    """Measure the share of rows whose label has the highest logit, in %.

    100/n Σ_i [z_i,label = max_c z_ic] / |{c : z_ic is the maximum}|. Range [0, 100]. A tie of t classes counts 1/t, the
    chance that a fair draw among them is right: equal logits everywhere give chance level, whatever the label.

    Raises ``UserError`` without rows, or on NaN.

    >>> import torch
    >>> accuracy(torch.tensor([[2.0, 1.0], [1.0, 1.0]]), torch.tensor([0, 1])).item()
    75.0
    """
    if not len(logits):
        raise UserError("expected at least one row to be right or wrong about, got none")
    if bool(logits.isnan().any()):
        raise UserError(f"expected finite logits, got NaN in {int(logits.isnan().any(dim=1).sum())} of {len(logits)}")
    best = logits == logits.amax(dim=1, keepdim=True)
    right = best.gather(1, labels.long()[:, None])[:, 0].to(logits.dtype)
    return 100 * (right / best.sum(dim=1)).mean()
