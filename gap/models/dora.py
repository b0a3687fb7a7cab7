"""DoRA at the cost of one plain layer: the adapted weight is formed once per optimiser step, not the output thrice.

PEFT's layer computes the frozen output, the low-rank output, the dense product BA and its norm in every forward pass,
and keeps several tensors as large as the output for the backward pass. Here a forward pass is one product with
W' = c·(W + s·BA), c = m / ‖W + s·BA‖ (a row's norm each), which is kept until a factor changes, and the backward pass
needs the layer's input and output only. Parameters, values and gradients are PEFT's, and so is what is saved.
"""

from typing import Any

import peft.tuners.lora as lora
import torch
from jaxtyping import Float
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812
from torch.optim.optimizer import register_optimizer_step_post_hook

_STEPS = 0  # of every optimiser in this process: a fused one moves parameters without raising their versions


def _count_step(*_: object) -> None:
    global _STEPS
    _STEPS += 1


register_optimizer_step_post_hook(_count_step)


class _AdaptedLinear(torch.autograd.Function):
    """y = W'x + b with W' given, and the gradients of its factors.

    With c and the norms n constant, as in the DoRA paper (section 4.3), and g the gradient of y summed over positions:
    ∂A = s·(g·cB)ᵀx, ∂B = s·c·gᵀ(xAᵀ), ∂m = Σ g·(y − b) / m, since y − b = m·(W + s·BA)x / n.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x: Float[Tensor, "*positions i"],
        a: Float[Tensor, "r i"],
        b: Float[Tensor, "o r"],
        magnitude: Float[Tensor, " o"],
        weight: Float[Tensor, "o i"],
        coefficient: Float[Tensor, " o"],
        bias: Float[Tensor, " o"] | None,
        scaling: float,
    ) -> Float[Tensor, "*positions o"]:
        y = F.linear(x, weight, bias)
        ctx.save_for_backward(x, y, a, b, magnitude, weight, coefficient, bias)
        ctx.scaling = scaling
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, y, a, b, magnitude, weight, coefficient, bias = ctx.saved_tensors
        dtype, full = gradient.dtype, a.dtype
        scaled = (ctx.scaling * coefficient).unsqueeze(1) * b
        grad_x = gradient @ weight if ctx.needs_input_grad[0] else None
        x, y, gradient = x.flatten(0, -2), y.flatten(0, -2), gradient.flatten(0, -2)
        grad_a = (gradient @ scaled.to(dtype)).T @ x
        h = x @ a.to(dtype).T
        # Products with few rows are fast on every device, those with few columns are not.
        grad_b = (ctx.scaling * coefficient).unsqueeze(1) * (h.T @ gradient).T.to(full)
        through = (gradient * y).sum(dim=0, dtype=full)
        if bias is not None:
            through = through - bias.to(full) * gradient.sum(dim=0, dtype=full)
        return grad_x, grad_a.to(full), grad_b, through / magnitude, None, None, None, None


class _Merged:
    """The adapted weight of one layer, kept as long as it is right."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._kept: tuple[Tensor, Tensor] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "_Merged":
        return _Merged()  # a copy of the layer has other parameters

    def __getstate__(self) -> dict[str, Any]:
        return {"_key": (), "_kept": None}

    def get(
        self,
        weight: Float[Tensor, "o i"],
        a: Float[Tensor, "r i"],
        b: Float[Tensor, "o r"],
        magnitude: Float[Tensor, " o"],
        scaling: float,
        dtype: torch.dtype,
    ) -> tuple[Float[Tensor, "o i"], Float[Tensor, " o"]]:
        """Give W' in ``dtype`` and c. Optimisers, changes in place and other tensors in their place are noticed."""
        if torch.compiler.is_compiling():
            return _merge(weight, a, b, magnitude, scaling, dtype)
        tensors = (weight, a, b, magnitude)
        key = (_STEPS, scaling, dtype, *map(_identity, tensors))
        if self._kept is None or key != self._key:
            self._kept = None  # the old weight's memory is free before the new one is formed
            self._kept, self._key = _merge(weight, a, b, magnitude, scaling, dtype), key
        return self._kept


def _identity(tensor: Tensor) -> tuple[object, ...]:
    # The storage's address rather than the data's: tensors without values, as plans are made with, have it too.
    return tensor.untyped_storage()._cdata, tensor._version, tensor.device, tensor.dtype


def _merge(
    weight: Tensor, a: Tensor, b: Tensor, magnitude: Tensor, scaling: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    # What is formed while measuring may be used in the next step: it must not be an inference tensor.
    with torch.inference_mode(False), torch.no_grad(), torch.autocast(weight.device.type, enabled=False):
        direction = torch.addmm(weight, b.detach(), a.detach(), alpha=scaling)
        coefficient = magnitude.detach() / direction.norm(dim=1)
        return direction.mul_(coefficient.unsqueeze(1)).to(dtype), coefficient


def _adapted(layer: Any, x: Float[Tensor, "*positions i"]) -> Float[Tensor, "*positions o"]:
    """Give the output of either kind of layer, of positions by channels, with its adapted weight."""
    base, (adapter,) = layer.get_base_layer(), layer.active_adapters
    a, b = (factor[adapter].weight.flatten(1) for factor in (layer.lora_A, layer.lora_B))
    magnitude, scaling = layer.lora_magnitude_vector[adapter].weight.flatten(), layer.scaling[adapter]
    kind = x.device.type
    dtype = torch.get_autocast_dtype(kind) if torch.is_autocast_enabled(kind) else base.weight.dtype
    weight, coefficient = layer.kept_weight.get(base.weight.flatten(1), a, b, magnitude, scaling, dtype)
    bias = None if base.bias is None else base.bias.to(dtype)
    inputs = (x.to(dtype), a, b, magnitude, weight, coefficient, bias, scaling)
    y: Tensor = _AdaptedLinear.apply(*inputs)  # type: ignore[no-untyped-call]
    return y


class LinearDora(lora.Linear):  # type: ignore[misc]
    """PEFT's DoRA layer on an ``nn.Linear``, with the same parameters, values and gradients.

    W' = m · (W + s·BA) / ‖W + s·BA‖, as in the paper without a gradient through the norm.

    Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5 and section 4.3.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kept_weight = _Merged()

    def forward(self, x: Float[Tensor, "*positions i"]) -> Float[Tensor, "*positions o"]:
        """Give the adapted layer's output, or what PEFT gives where the adapter is off or merged."""
        as_peft = self.disable_adapters or self.merged
        output: Tensor = super().forward(x) if as_peft else _adapted(self, x)
        return output


class PointwiseDora(lora.Conv2d):  # type: ignore[misc]
    """PEFT's DoRA layer on a 1×1 convolution, which is a linear layer of every pixel's channels.

    Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5 and section 4.3.
    """

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kept_weight = _Merged()

    def forward(self, x: Float[Tensor, "b i h w"]) -> Float[Tensor, "b o k l"]:
        """Convolve with the adapted weight, or as PEFT does where the adapter is off or merged."""
        if self.disable_adapters or self.merged:
            output: Tensor = super().forward(x)
            return output
        down, across = self.get_base_layer().stride
        return _adapted(self, x[:, :, ::down, ::across].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
