"""Alignment and uniformity on the sphere, within and across modalities."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def align(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Bring the two halves of a pair together.

    (1/n) Σ_i ‖x_i − y_i‖². Range [0, 4].

    Source: Wang & Isola 2020; thesis, equation 3.2.

    >>> x = torch.eye(2)
    >>> align(x, -x).item()
    4.0
    """
    return (image_features - text_features).square().sum(dim=1).mean()


def uniform(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Spread each modality over the sphere.

    ½ log mean_{i<j} e^{−2‖x_i−x_j‖²} + ½ the same for y. Range [−4n/(n−1), 0], which is −8 for two
    rows and about −4 for many. Needs two rows.

    The lower end is Jensen's: the mean of ‖x_i−x_j‖² over i < j is at most 2n/(n−1), as ‖Σ x_i‖² ≥ 0. A simplex whose
    centre is the origin attains it, which needs n−1 dimensions.

    Source: Wang & Isola 2020; thesis, equation 3.3.

    >>> x = torch.eye(2)
    >>> uniform(x, x).item()
    -4.0
    """
    return (spread(image_features) + spread(text_features)) / 2


def cross_uniform(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Spread images away from the texts of other images.

    log mean_{i≠j} e^{−2‖x_i−y_j‖²}. Range [−8, 0], whatever n: images in one point and texts in the opposite one attain
    the lower end. Needs two pairs.

    Source: Fahim et al. 2024.

    >>> x = torch.eye(2)
    >>> cross_uniform(x, x).item()
    -4.0
    """
    n = _at_least_two(len(image_features), "cross_uniform")
    exponents = 4 * (image_features @ text_features.T) - 4
    diagonal = torch.eye(n, dtype=torch.bool, device=exponents.device)
    return exponents.masked_fill(diagonal, -torch.inf).flatten().logsumexp(0) - math.log(n * (n - 1))


def spread(features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure how evenly unit vectors lie: log mean_{i<j} e^{−2‖x_i−x_j‖²}, in [−4n/(n−1), 0].

    >>> spread(torch.tensor([[1.0, 0.0], [-1.0, 0.0]])).item()
    -8.0
    """
    n = _at_least_two(len(features), "uniformity")
    # ‖a − b‖² = 2 − 2<a,b> for unit vectors: its gradient is finite at duplicates, that of a distance is not.
    rows, columns = torch.triu_indices(n, n, offset=1, device=features.device)
    exponents = 4 * (features @ features.T)[rows, columns] - 4
    return exponents.logsumexp(0) - math.log(len(exponents))


def _at_least_two(n: int, name: str) -> int:
    if n < 2:
        raise ValueError(f"{name} needs at least 2 rows, got {n}")
    return n
