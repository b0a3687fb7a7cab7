"""CLIP's own classifier: the class whose prompt is nearest."""

from jaxtyping import Float, Int
from torch import Tensor

from gap.classification.checks import check_classes


def zero_shot(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
    *,
    seed: int = 0,
    logit_scale: float = 100.0,
) -> Float[Tensor, "n c"]:
    """Score every class by the cosine of its text, without a look at the shots.

    s·x·Cᵀ on unit vectors, s the model's logit scale (CLIP's is 100). Range [−s, s]. ``shots``, ``labels`` and ``seed``
    are there for the common signature.

    Raises ``UserError`` below two classes or on a value that is not finite.

    Source: Radford et al. 2021 (CLIP), section 3.1.

    >>> import torch
    >>> zero_shot(torch.empty(0, 2), torch.empty(0).long(), torch.eye(2), torch.tensor([[0.0, 1.0]])).tolist()
    [[0.0, 100.0]]
    """
    check_classes(class_features, queries)
    return logit_scale * queries @ class_features.T
