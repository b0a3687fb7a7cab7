"""Where the two modalities lie: the gap between their means, and the distance within pairs."""

import torch
from jaxtyping import Float
from torch import Tensor


def modality_gap(image_features: Float[Tensor, "m d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure the distance between the centroids of the modalities.

    ‖x̄ − ȳ‖₂. Range [0, 2]; 0 when the means coincide. The numbers of images and texts may differ.

    Source: Liang et al. 2022; thesis, equation 3.1.

    >>> x = torch.tensor([[1.0, 0.0]])
    >>> modality_gap(x, -x).item()
    2.0
    """
    gap: Tensor = torch.linalg.vector_norm(image_features.mean(dim=0) - text_features.mean(dim=0))
    return gap


def misalignment(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Measure how far apart the two halves of a pair lie.

    (1/n) Σ_i ‖x_i − y_i‖². Range [0, 4]. Equal to 2 − 2·mean c_ii on unit vectors.

    Source: Wang & Isola 2020; thesis, equation 3.2.

    >>> x = torch.eye(2)
    >>> misalignment(x, x.flip(0)).item()
    2.0
    """
    return (image_features - text_features).square().sum(dim=1).mean()
