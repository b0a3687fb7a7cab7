"""What every classifier asks of its input."""

from jaxtyping import Float, Int
from torch import Tensor

from gap.errors import UserError


def check_input(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
) -> None:
    """Raise ``UserError`` without shots, below two classes, on a label that is no class, or a value that is not finite.

    >>> import torch
    >>> check_input(torch.ones(1, 2), torch.tensor([2]), torch.eye(2), torch.ones(1, 2))
    Traceback (most recent call last):
    gap.errors.UserError: expected labels 0 to 1 for 2 classes, got 2 to 2
    """
    check_classes(class_features, queries)
    if not len(shots):
        raise UserError("expected at least one shot to learn from, got none; zero_shot needs none")
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= len(class_features):
        raise UserError(
            f"expected labels 0 to {len(class_features) - 1} for {len(class_features)} classes, got {low} to {high}"
        )
    _check_finite("shots", shots)


def check_classes(class_features: Float[Tensor, "c d"], queries: Float[Tensor, "n d"]) -> None:
    """Raise ``UserError`` below two classes, or on a value that is not finite.

    >>> import torch
    >>> check_classes(torch.ones(1, 2), torch.ones(3, 2))
    Traceback (most recent call last):
    gap.errors.UserError: expected at least 2 classes to choose from, got 1
    """
    if len(class_features) < 2:
        raise UserError(f"expected at least 2 classes to choose from, got {len(class_features)}")
    _check_finite("class_features", class_features)
    _check_finite("queries", queries)


def _check_finite(name: str, features: Tensor) -> None:
    broken = int((~features.isfinite()).any(dim=1).sum())
    if broken:
        raise UserError(f"expected finite {name}, got {broken} of {len(features)} rows with NaN or infinity")
