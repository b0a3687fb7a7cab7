"""Linear CKA: how alike two representations of the same examples are, up to rotation and scale.

``debiased_linear_cka`` is what is reported. ``linear_cka`` is the plain estimate: it is biased upwards by about the
number of directions that the representations use over the number of rows.
"""

from collections.abc import Iterable

import torch
from jaxtyping import Float
from torch import Tensor

from gap.metrics.centring import centred

FEWEST = 4  # rows that the unbiased estimate needs


def debiased_linear_cka(features: Float[Tensor, "n d"], other_features: Float[Tensor, "n e"]) -> Float[Tensor, ""]:
    """Compare two representations of the same n examples, row by row; unrelated ones give 0 on average.

    H(X, Y) / sqrt(H(X, X) H(Y, Y)) with the unbiased estimate of HSIC,
    H(X, Y) = [‖X̃ᵀỸ‖² − n/(n−2)·Σ p_i q_i + Σ p_i Σ q_i / ((n−1)(n−2))] / (n(n−3)), X̃, Ỹ centred over the rows,
    p_i = ‖x̃_i‖², q_i = ‖ỹ_i‖². Range [−1, 1]; 1 when one is a rotated, scaled and shifted copy of the other; slightly
    below 0 is chance. Takes O(n·d²) time and O(n·d) memory, never an n×n matrix; the widths may differ.

    0 where a representation has no structure to compare: its rows are equal, or all equally far from one another.
    Raises ``ValueError`` with fewer than four rows, for which there is no unbiased estimate.

    Source: Song et al. 2012, "Feature Selection via Dependence Maximization", equation 5; Murphy, Zylberberg & Fyshe
    2024, "Correcting Biased Centered Kernel Alignment Measures in Biological and Artificial Neural Networks".

    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 2.0], [3.0, 1.0], [0.0, 0.0]])
    >>> round(debiased_linear_cka(x, 3 * x.flip(1)).item(), 6)
    1.0
    """
    n = len(features)
    if n < FEWEST:
        raise ValueError(f"debiased CKA needs at least {FEWEST} rows, got {n}")
    x, y = centred(features), centred(other_features)
    own = [_unbiased(part, part) for part in (x, y)]
    scale = (own[0] * own[1]).sqrt()
    value: Tensor = torch.where(scale == 0, 0.0, (_unbiased(x, y) / scale).clamp(-1, 1))
    return value.to(features.dtype)


def _unbiased(x: Float[Tensor, "n d"], y: Float[Tensor, "n e"]) -> Float[Tensor, ""]:
    """Estimate n(n−3) times HSIC without bias from centred rows; 0 where it is a difference of equal sums."""
    n, p, q = len(x), x.square().sum(dim=1), y.square().sum(dim=1)
    parts = torch.stack([(x.T @ y).square().sum(), -n / (n - 2) * (p @ q), p.sum() * q.sum() / ((n - 1) * (n - 2))])
    value = parts.sum()
    return torch.where(value.abs() <= 1e-12 * parts.abs().sum(), 0.0, value)


def linear_cka(features: Float[Tensor, "n d"], other_features: Float[Tensor, "n e"]) -> Float[Tensor, ""]:
    """Compare two representations of the same n examples, row by row.

    ‖ỸᵀX̃‖² / (‖X̃ᵀX̃‖ ‖ỸᵀỸ‖) in Frobenius norms, with X̃, Ỹ centred over the rows. Range [0, 1]; 1 when one is a rotated,
    scaled and shifted copy of the other. Takes O(n·d²) time and never holds an n×n matrix; the widths may differ.

    A representation whose rows are all equal has nothing in common with any: 0. With few rows beside the width it is
    biased upwards, to 1 at n = 2: see ``debiased_linear_cka``. Raises ``ValueError`` with fewer than two rows.

    Source: Kornblith et al. 2019, "Similarity of Neural Network Representations Revisited", section 3.

    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    >>> round(linear_cka(x, 3 * x.flip(1)).item(), 6)
    1.0
    """
    return linear_cka_chunked([(features, other_features)])


def linear_cka_chunked(
    chunks: Iterable[tuple[Float[Tensor, "_ d"], Float[Tensor, "_ e"]]],
) -> Float[Tensor, ""]:
    """Give the linear CKA of representations that come chunk by chunk, whatever the chunks: the exact value.

    Sums and products are accumulated in float64 on what is left after taking away the first chunk's mean, so that the
    cone in which real features lie does not cost digits.

    >>> x = torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
    >>> round(linear_cka_chunked([(x[:1], x[:1]), (x[1:], x[1:])]).item(), 6)
    1.0
    """
    n, dtype = 0, torch.float64
    shift: list[Tensor] = []
    sums: list[Tensor] = []
    products: list[Tensor] = []
    for x, y in chunks:
        pair = [x.double(), y.double()]
        if not len(x):
            continue
        dtype = x.dtype
        if not shift:
            shift = [part.mean(dim=0) for part in pair]
            sums = [torch.zeros_like(mean) for mean in shift]
            widths = [len(mean) for mean in shift]
            products = [x.new_zeros(widths[i], widths[j], dtype=torch.float64) for i, j in ((0, 0), (1, 1), (1, 0))]
        a, b = (part - mean for part, mean in zip(pair, shift, strict=True))
        n += len(a)
        sums = [sums[0] + a.sum(dim=0), sums[1] + b.sum(dim=0)]
        products = [products[0] + a.T @ a, products[1] + b.T @ b, products[2] + b.T @ a]
    if n < 2:
        raise ValueError(f"CKA needs at least 2 rows, got {n}")
    xx = products[0] - torch.outer(sums[0], sums[0]) / n
    yy = products[1] - torch.outer(sums[1], sums[1]) / n
    yx = products[2] - torch.outer(sums[1], sums[0]) / n
    scale = xx.norm() * yy.norm()
    value: Tensor = torch.where(scale == 0, 0.0, yx.square().sum() / scale)
    return value.to(dtype)
