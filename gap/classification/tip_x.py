"""Tip-X: shots are compared by what they look like to the classes, not by image-image cosines alone."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.classification.checks import check_input
from gap.classification.tip_adapter import affinities, one_hot


def tip_x(
    shots: Float[Tensor, "k d"],
    labels: Int[Tensor, " k"],
    class_features: Float[Tensor, "c d"],
    queries: Float[Tensor, "n d"],
    *,
    seed: int = 0,
    logit_scale: float = 100.0,
    alpha: float = 1.0,
    beta: float = 5.5,
    gamma: float = 1.0,
    temperature: float = 0.5,
) -> Float[Tensor, "n c"]:
    """Add to Tip-Adapter's logits how alike query and shots are in their similarities to the classes.

    s·x·Cᵀ + α·A·V + γ·ψ(−KL(s_x ‖ s_c))·V with A = exp(−β(1 − x·Kᵀ)) and signatures s_x = softmax(x·Cᵀ/τ),
    s_c = softmax(K·Cᵀ/τ). ψ is the affine map that takes the n×k values of −KL onto the range of A, [min A, max A]; if
    they are all equal, onto min A. Range [−s, s + (α + γ)·k].

    The map looks at all queries: another set of queries may change a logit, and duplicates do not. With the same number
    of shots in every class its offset adds the same to every class. Nothing is trained; ``seed`` is there for the
    common signature.

    Otherwise than in the authors' code: (1) ψ there maps KL itself onto the range of the raw cosines C = x·Kᵀ, and
    changes its sign after that; the paper, and this function, take the range of A. With equal numbers of shots, their γ
    is γ·(max C − min C)/(max A − min A) here. (2) For test images they take the range of the validation images'
    cosines; here no other images are seen. (3) They tune α, β and γ on validation images; here they are as given, and
    γ = 1 weighs both affinities the same. (4) They score queries by the hundred and leave a KL of 0 to a rest of less
    than a hundred; here all are scored. (5) Their shots are images found or generated for the class names (SuS); here
    they are training images. τ = 0.5 is theirs.

    Raises ``UserError`` without shots, below two classes, on labels that are no class, or values that are not finite.

    Source: Udandarao et al. 2022 (SuS-X), section 3.2; code: vishaal27/SuS-X; thesis, annex B.2.1.

    >>> x = torch.eye(2)
    >>> tip_x(x, torch.tensor([1, 0]), x, x, logit_scale=0.0, beta=1.0)
    tensor([[0.7358, 2.0000],
            [2.0000, 0.7358]])
    """
    check_input(shots, labels, class_features, queries)
    near = affinities(queries, shots, beta)
    query_logs = (queries @ class_features.T / temperature).log_softmax(dim=1)
    shot_logs = (shots @ class_features.T / temperature).log_softmax(dim=1)
    # KL(p ‖ q) = Σ p log p − Σ p log q, without an array of queries times shots times classes.
    divergence = (query_logs.exp() * query_logs).sum(dim=1, keepdim=True) - query_logs.exp() @ shot_logs.T
    alike = rescale(-divergence, near)
    return logit_scale * queries @ class_features.T + (alpha * near + gamma * alike) @ one_hot(labels, class_features)


def rescale(values: Float[Tensor, "n k"], like: Float[Tensor, "n k"]) -> Float[Tensor, "n k"]:
    """Map values onto the range of ``like``, from lowest to highest; equal ones onto its lowest.

    >>> rescale(torch.tensor([[-4.0, -2.0, -3.0]]), torch.tensor([[0.0, 1.0, 0.1]])).tolist()
    [[0.0, 1.0, 0.5]]
    """
    if not values.numel():
        return values
    low, high = like.min(), like.max()
    span = values.max() - values.min()
    share = (values - values.min()) / span if span > 0 else torch.zeros_like(values)
    return low + (high - low) * share
