"""How far off an inner product can be that a machine computed, whatever the order of its sums."""

import torch
from jaxtyping import Float, Int
from torch import Tensor

CELLS = 2**23  # numbers in float64 at once


def product_error(dtype: torch.dtype, d: int) -> float:
    """Bound the error of an inner product of two vectors of d numbers, as a share of the product of their lengths.

    d·u / (1 − d·u), u the unit roundoff of the type: it holds for every order of summation, with or without fused
    operations; infinite where d·u reaches 1. Products in TF32, which PyTorch allows on request, have that type's u.

    Source: Higham 2002, "Accuracy and Stability of Numerical Algorithms", section 3.1.

    >>> f"{product_error(torch.float32, 768):.1e}", f"{product_error(torch.float64, 768):.1e}"
    ('4.6e-05', '8.5e-14')
    """
    roundoff = torch.finfo(dtype).eps / 2
    if dtype == torch.float32 and torch.get_float32_matmul_precision() != "highest":
        roundoff = 2**-8  # bfloat16, the coarsest that "medium" allows
    return d * roundoff / (1 - d * roundoff) if d * roundoff < 1 else float("inf")


def exact_products(
    queries: Float[Tensor, "q d"],
    gallery: Float[Tensor, "g d"],
    rows: Int[Tensor, " m"],
    columns: Int[Tensor, " m"],
) -> Float[Tensor, " m"]:
    """Return the inner products of some cells, <queries[rows], gallery[columns]>, in float64.

    In O(``CELLS``) memory beside the result. Numbers in float32 have exact products in float64; what is rounded is
    their sum.

    >>> exact_products(torch.eye(2), torch.ones(3, 2), torch.tensor([0, 1]), torch.tensor([2, 0])).tolist()
    [1.0, 1.0]
    """
    size = max(1, CELLS // max(1, queries.shape[1]))
    parts = [
        (queries[row].double() * gallery[column].double()).sum(dim=1)
        for row, column in zip(rows.split(size), columns.split(size), strict=True)
    ]
    return torch.cat(parts) if parts else queries.new_empty(0, dtype=torch.float64)
