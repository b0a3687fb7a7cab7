"""How evenly the modalities cover the sphere."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def uniformity(
    image_features: Float[Tensor, "m d"], text_features: Float[Tensor, "n d"], *, chunk_size: int = 1024
) -> Float[Tensor, ""]:
    """Measure how evenly each modality lies on the sphere.

    ½ log mean_{i<j} e^{−2‖x_i−x_j‖²} + ½ the same for y. Range [−4n/(n−1), 0] for n rows of each (−2m/(m−1) − 2n/(n−1)
    for m and n), so about −4 at best where n is not small; lower is more uniform. A simplex attains the lower end, by
    Jensen's inequality. Works on ``chunk_size`` rows at a time and never holds an n×n matrix. Needs two rows in each
    modality.

    Source: Wang & Isola 2020; thesis, equation 3.3.

    >>> x = torch.eye(2)
    >>> uniformity(x, x).item()
    -4.0
    """
    return (_log_mean_potential(image_features, chunk_size) + _log_mean_potential(text_features, chunk_size)) / 2


def _log_mean_potential(features: Float[Tensor, "n d"], chunk_size: int) -> Float[Tensor, ""]:
    n = len(features)
    if n < 2:
        raise ValueError(f"uniformity needs at least 2 rows, got {n}")
    total = features.new_zeros((), dtype=torch.float64)
    for start in range(0, n, chunk_size):
        chunk = features[start : start + chunk_size]
        # Row i meets the rows after it: every pair once, no diagonal. The first of these columns is the chunk's start.
        potential = (4 * (chunk @ features[start:].T) - 4).exp()
        total += potential.triu(diagonal=1).sum(dtype=torch.float64)
    return (total.log() - math.log(n * (n - 1) / 2)).to(features.dtype)
