"""Terms on the means: of the modalities, and of the pairs."""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.losses.alignment import spread


def centroid(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Bring the centroids of the two modalities together: the squared modality gap itself.

    ‖x̄ − ȳ‖². Range [0, 4].

    Source: the squared gap of Liang et al. 2022; thesis, equation 3.1.

    >>> import torch
    >>> x = torch.eye(2)
    >>> centroid(x, -x).item()
    2.0
    """
    return (image_features.mean(dim=0) - text_features.mean(dim=0)).square().sum()


def centroid_uniform(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Spread the directions of the pairs' midpoints over the sphere.

    Uniformity of norm((x_i + y_i)/2). Range [−8, 0]. Needs two pairs. A pair of opposite vectors has no midpoint
    direction and counts as the origin; midpoints shorter than 1e-4 are scaled by 1e4 and no further, which bounds the
    gradient.

    Source: the centroid uniformity of the modality-gap literature of 2026, on Wang & Isola 2020.

    >>> import torch
    >>> x = torch.eye(2)
    >>> centroid_uniform(x, x).item()
    -4.0
    """
    return spread(F.normalize((image_features + text_features) / 2, dim=1, eps=1e-4))
