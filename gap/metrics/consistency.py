"""Whether images say the same about their neighbours as texts do."""

import torch
from jaxtyping import Float, Int
from torch import Tensor


def consistency_at_k(
    image_features: Float[Tensor, "n d"],
    class_features: Float[Tensor, "c d"],
    bank_features: Float[Tensor, "b d"],
    bank_labels: Int[Tensor, " b"],
    *,
    k: int,
    chunk_size: int = 1024,
) -> Float[Tensor, ""]:
    """Measure how often the label by text and the label by neighbouring images agree.

    (1/n) Σ_j [P_I^k(I_j) = P_T(I_j)] in per cent: P_T is the class whose text is closest, P_I^k the label that most
    of the k closest images of a labelled bank carry. Of equally frequent labels, and of equally close classes, the
    smaller number wins. Range [0, 100]. Works on ``chunk_size`` images at a time.

    Raises ``ValueError`` without images, for a k outside [1, b], or a feature that is not finite.

    Source: Goel et al. 2022 (CyCLIP), section 4.3; thesis, equation B.4.

    >>> x = torch.eye(2)
    >>> consistency_at_k(x, x, x, torch.tensor([0, 0]), k=1).item()
    50.0
    """
    if len(image_features) == 0:
        raise ValueError("consistency needs at least 1 image, got 0")
    if not 1 <= k <= len(bank_features):
        raise ValueError(f"k: expected 1 to {len(bank_features)}, the size of the bank, got {k}")
    if not all(features.isfinite().all() for features in (image_features, class_features, bank_features)):
        raise ValueError("consistency needs finite features")
    agree = 0
    for chunk in image_features.split(chunk_size):
        by_text = (chunk @ class_features.T).argmax(dim=1)
        neighbours = bank_labels[(chunk @ bank_features.T).topk(k, dim=1).indices]
        votes = torch.nn.functional.one_hot(neighbours, len(class_features)).sum(dim=1)
        agree += int((votes.argmax(dim=1) == by_text).sum())
    return image_features.new_tensor(100 * agree / len(image_features))
