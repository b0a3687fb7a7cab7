"""CyCLIP's two consistency terms, implemented from the paper."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

Normalisation = Literal["n", "n2"]


def cyclip_inter(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    normalisation: Normalisation = "n",
) -> Float[Tensor, ""]:
    """Make image j as close to text k as image k is to text j.

    (1/n) Σ_jk (c_jk − c_kj)², on unscaled cosines. Range [0, 2n]; the upper end is attained by x_j that are spread
    evenly over a half circle and y_j that are x_j turned by a right angle. As published it grows with the batch;
    ``normalisation="n2"`` divides by n² instead, so that the range is [0, 2].

    Source: Goel et al. 2022 (CyCLIP); thesis, equations B.1 and B.3.

    >>> import torch
    >>> x = torch.eye(2)
    >>> cyclip_inter(x, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item()
    1.0
    """
    cosines = image_features @ text_features.T
    return (cosines - cosines.T).square().sum() / _count(len(cosines), normalisation)


def cyclip_intra(
    image_features: Float[Tensor, "n d"],
    text_features: Float[Tensor, "n d"],
    *,
    normalisation: Normalisation = "n",
) -> Float[Tensor, ""]:
    """Make images j and k as close to one another as their texts are.

    (1/n) Σ_jk (<x_j,x_k> − <y_j,y_k>)², on unscaled cosines. Range [0, 2n]; the upper end is attained for even n, by
    images and texts that lie in two opposite points each, divided differently. As published it grows with the batch;
    ``normalisation="n2"`` divides by n² instead, so that the range is [0, 2].

    Source: Goel et al. 2022 (CyCLIP); thesis, equations B.2 and B.3.

    >>> import torch
    >>> x = torch.eye(2)
    >>> cyclip_intra(x, torch.tensor([[1.0, 0.0], [1.0, 0.0]])).item()
    1.0
    """
    difference = image_features @ image_features.T - text_features @ text_features.T
    return difference.square().sum() / _count(len(difference), normalisation)


def _count(n: int, normalisation: Normalisation) -> int:
    return n if normalisation == "n" else n * n
