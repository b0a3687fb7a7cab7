"""Terms on the means: of the modalities, and of the pairs.

Both are named after Grassucci et al. 2026, "Closing the Modality Gap Aligns Group-Wise Semantics" (ICLR 2026, arXiv
2601.18525; code: ispamm/ModGap), whose loss is CE + λ₁·L_ATP + λ₂·L_CU: here ``ce``, ``align`` and
``centroid_uniform``.
"""

from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.losses.alignment import spread


def centroid(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Bring the centroids of the two modalities together: the squared modality gap itself.

    ‖x̄ − ȳ‖². Range [0, 4]. The authors' code has the root of it, ‖x̄ − ȳ‖, as a penalty that their loss leaves out;
    the square has a gradient where the means meet.

    Source: Grassucci et al. 2026 (arXiv 2601.18525), the code's centroid alignment, squared; the gap itself is that of
    Liang et al. 2022 and the thesis, equation 3.1.

    >>> import torch
    >>> x = torch.eye(2)
    >>> centroid(x, -x).item()
    2.0
    """
    return (image_features.mean(dim=0) - text_features.mean(dim=0)).square().sum()


def centroid_uniform(image_features: Float[Tensor, "n d"], text_features: Float[Tensor, "n d"]) -> Float[Tensor, ""]:
    """Spread the directions of the pairs' midpoints over the sphere.

    log mean_{i<j} e^{−2‖m_i−m_j‖²} with m_i = norm((x_i + y_i)/2). Range [−4n/(n−1), 0], the lower end by Jensen as for
    ``uniform``. Needs two pairs. A pair of opposite vectors has no midpoint direction and counts as the origin;
    midpoints shorter than 1e-4 are scaled by 1e4 and no further, which bounds the gradient.

    It is the authors' L_CU: a mean over pairs i < j of midpoints put back on the sphere, as in their code, with λ₂ as
    the weight. Their schedules (epochs of uniformity alone, weights that change) are not part of a term.

    Source: Grassucci et al. 2026 (arXiv 2601.18525), centroid uniformity, after Wang & Isola 2020.

    >>> import torch
    >>> x = torch.eye(2)
    >>> centroid_uniform(x, x).item()
    -4.0
    """
    return spread(F.normalize((image_features + text_features) / 2, dim=1, eps=1e-4))
