"""The product with an adapted weight, and the gradients of what the weight is made of."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812


class AdaptedLinear(torch.autograd.Function):
    """y = W'x + b with W' given, and the gradients of its factors.

    With c and the norms n constant, as in the DoRA paper (section 4.3), and g the gradient of y summed over positions:
    ∂A = s·(g·cB)ᵀx, ∂B = s·c·gᵀ(xAᵀ), ∂m = Σ g·(y − b) / m, since y − b = m·(W + s·BA)x / n.

    The output is kept for ∂m, which costs nothing where the next layer keeps it as well. Whoever comes next may change
    it in place, as ``ReLU(inplace=True)`` does: then W'x is computed once more in the backward pass. Positions are one
    axis, since a product over several is a view in PyTorch, and a view made in here must not be changed.
    """

    @staticmethod
    def forward(  # noqa: D102
        ctx: Any,
        x: Float[Tensor, "p i"],
        a: Float[Tensor, "r i"],
        b: Float[Tensor, "o r"],
        magnitude: Float[Tensor, " o"],
        weight: Float[Tensor, "o i"],
        coefficient: Float[Tensor, " o"],
        bias: Float[Tensor, " o"] | None,
        scaling: float,
    ) -> Float[Tensor, "p o"]:
        y = F.linear(x, weight, bias)
        ctx.scaling, ctx.version = scaling, None
        kept = y
        if not torch.compiler.is_compiling():  # compiled programs change nothing in place
            # Not y itself: PyTorch would refuse the backward pass after a change. What is saved goes through
            # save_for_backward, not an attribute, so that gradient checkpointing need not hold it.
            kept, ctx.version = y.data, _Version(y)
        ctx.save_for_backward(x, kept, a, b, magnitude, weight, coefficient, bias)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:  # noqa: D102
        x, y, a, b, magnitude, weight, coefficient, bias = ctx.saved_tensors
        dtype, full = gradient.dtype, a.dtype
        scaled = (ctx.scaling * coefficient).unsqueeze(1) * b
        grad_x = gradient @ weight if ctx.needs_input_grad[0] else None
        grad_a = (gradient @ scaled.to(dtype)).T @ x
        h = x @ a.to(dtype).T
        # Products with few rows are fast on every device, those with few columns are not.
        grad_b = (ctx.scaling * coefficient).unsqueeze(1) * (h.T @ gradient).T.to(full)
        if ctx.version is not None and ctx.version.has_changed():
            y = F.linear(x, weight, bias)
        through = (gradient * y).sum(dim=0, dtype=full)
        if bias is not None:
            through = through - bias.to(full) * gradient.sum(dim=0, dtype=full)
        return grad_x, grad_a.to(full), grad_b, through / magnitude, None, None, None, None


class _Version:
    """Tells whether a tensor, or a view of it, has been changed in place since; its values are not held."""

    def __init__(self, tensor: Tensor) -> None:
        self._count = tensor.detach()
        self._count.data = tensor.new_empty(0)  # the count of changes stays the tensor's
        self._seen = self._count._version

    def has_changed(self) -> bool:
        return self._count._version != self._seen
