"""Matching more than the mean: the spread of every dimension, of the whole modality, or its orientation."""

import torch
from jaxtyping import Float
from torch import Tensor

from gap.posthoc.maps import Maps, mean_of, unit


def standardise(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Give every dimension of each modality mean 0 and variance 1, as far as ``strength`` in [0, 1] says.

    norm((x − λx̄)/σ^λ), σ the deviation of each dimension over the training rows. A dimension that never varies is
    divided by nothing. λ = 0 changes nothing.

    Raises ``ValueError`` without training rows.

    Source: z-scores by modality, as in Shi et al. 2023 and the modality-gap literature after it.

    >>> maps = standardise(torch.eye(2), torch.eye(2), 1.0)
    >>> [[round(value, 3) for value in row] for row in maps.text(torch.eye(2)).tolist()]
    [[0.707, -0.707], [-0.707, 0.707]]
    """
    parts = []
    for features in (image, text):
        mean, deviation = mean_of(features), features.std(dim=0, correction=0)
        parts.append((strength * mean, torch.where(deviation > 1e-6, deviation, 1.0) ** strength))
    (image_mean, image_scale), (text_mean, text_scale) = parts
    return Maps(lambda x: unit((x - image_mean) / image_scale), lambda y: unit((y - text_mean) / text_scale))


def realign(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Give texts the mean and the total variance of images, as far as ``strength`` in [0, 1] says.

    y ↦ norm((1 − λ)y + λ(r(y) + x̄ − mean r)), where r(y) = norm(x̄ + √(tr Σ_x / tr Σ_y)(y − ȳ)) matches anchor and
    trace, and the last step brings the mean back that the sphere has moved. Images stay.

    Raises ``ValueError`` without training rows.

    Source: Yu et al. 2026 (ReAlign), anchor, trace and centroid alignment, after its abstract; λ is an addition.

    >>> maps = realign(torch.eye(2), 2 * torch.eye(2), 1.0)
    >>> maps.text(2 * torch.eye(2)).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    image_mean, text_mean = mean_of(image), mean_of(text)
    image_trace = (image - image_mean).square().sum(dim=1).mean()
    text_trace = (text - text_mean).square().sum(dim=1).mean()
    scale = torch.where(text_trace > 0, image_trace / text_trace, 1.0).sqrt()

    def matched(y: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
        return unit(image_mean + scale * (y - text_mean))

    back = image_mean - matched(text).mean(dim=0)
    return Maps(lambda x: x, lambda y: unit((1 - strength) * y + strength * (matched(y) + back)))


def procrustes(image: Float[Tensor, "n d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Rotate centred texts on to the centred images of their pairs and move them to the images' mean.

    R = UVᵀ from the singular value decomposition of X̃ᵀỸ minimises Σ ‖x̃_i − Rỹ_i‖² over orthogonal matrices;
    y ↦ norm((1 − λ)y + λ(R(y − ȳ) + x̄)). Images stay. Needs as many images as texts, in pairs.

    Raises ``ValueError`` without training rows.

    Source: Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem".

    >>> x = torch.eye(3)
    >>> procrustes(x, x.flip(1), 1.0).text(x.flip(1)).round(decimals=4).abs().equal(x)
    True
    """
    image_mean, text_mean = mean_of(image), mean_of(text)
    u, _, vt = torch.linalg.svd((image - image_mean).T @ (text - text_mean))
    rotation = u @ vt
    return Maps(
        lambda x: x,
        lambda y: unit((1 - strength) * y + strength * ((y - text_mean) @ rotation.T + image_mean)),
    )
