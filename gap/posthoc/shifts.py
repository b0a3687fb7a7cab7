"""Moving the modalities towards each other, or each to the origin."""

from jaxtyping import Float
from torch import Tensor

from gap.posthoc.maps import Maps, mean_of, unit


def shift(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Move images by −λΔ and texts by +λΔ, Δ = x̄ − ȳ, and put them back on the sphere.

    λ = 0 changes nothing; at λ = ½ the means coincide before normalisation, beyond it they cross. (The thesis prints a
    minus in both formulas, which would move both modalities together and leave the gap as it is.)

    Raises ``ValueError`` without training rows.

    Source: Liang et al. 2022, section 4; thesis, annex B.1.

    >>> import torch
    >>> maps = shift(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 0.5)
    >>> maps.image(torch.tensor([[1.0, 0.0]])).equal(maps.text(torch.tensor([[0.0, 1.0]])))
    True
    """
    raw = shift_raw(image, text, strength)
    return Maps(lambda x: unit(raw.image(x)), lambda y: unit(raw.text(y)))


def shift_raw(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Do the same without normalisation: at λ = ½ the gap of the training pairs is exactly 0.

    Raises ``ValueError`` without training rows.

    Source: Liang et al. 2022; thesis, annex B.1.

    >>> import torch
    >>> maps = shift_raw(torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), 1.0)
    >>> maps.image(torch.tensor([[1.0, 0.0]])).tolist()
    [[0.0, 1.0]]
    """
    step = strength * (mean_of(image) - mean_of(text))
    return Maps(lambda x: x - step, lambda y: y + step)


def centring(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Take λ times its own mean from each modality and put it back on the sphere. λ = 1 is GR-CLIP.

    Raises ``ValueError`` without training rows.

    Source: Li et al. 2025 (GR-CLIP).

    >>> import torch
    >>> maps = centring(torch.eye(2), torch.eye(2), 1.0)
    >>> maps.image(torch.eye(2)).sum().item()
    0.0
    """
    raw = centring_raw(image, text, strength)
    return Maps(lambda x: unit(raw.image(x)), lambda y: unit(raw.text(y)))


def centring_raw(image: Float[Tensor, "m d"], text: Float[Tensor, "n d"], strength: float) -> Maps:
    """Take λ times its own mean from each modality. λ = ½ is Distribution Normalization.

    Raises ``ValueError`` without training rows.

    Source: Zhou et al. 2023, "Test-Time Distribution Normalization for Contrastively Learned Vision-language Models".

    >>> import torch
    >>> centring_raw(torch.eye(2), torch.eye(2), 1.0).image(torch.eye(2)).tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    image_step, text_step = strength * mean_of(image), strength * mean_of(text)
    return Maps(lambda x: x - image_step, lambda y: y - text_step)
