"""DoRA at the cost of one plain layer: the adapted weight is formed once per optimiser step, not the output thrice.

PEFT's layer computes the frozen output, the low-rank output, the dense product BA and its norm in every forward pass,
and keeps several tensors as large as the output for the backward pass. Here a forward pass is one product with
W' = c·(W + s·BA), c = m / ‖W + s·BA‖ (a row's norm each), which is kept until a factor changes, and the backward pass
needs the layer's input and output only. Parameters, values and gradients are PEFT's, and so is what is saved.

That is the way of one active DoRA adapter in single or double precision. Everything else that PEFT's layers can do
(several adapters or none, merged or switched off, a half-precision base, a base layer that is trained or does more than
a product) they do here as well, in PEFT's own way and at its cost.
"""

from typing import Any

import peft
import peft.tuners.lora as lora
import torch
from jaxtyping import Float
from torch import Tensor, nn

from gap.errors import UserError
from gap.models.dora_product import AdaptedLinear
from gap.models.dora_weight import KeptWeight


class _Dora:
    """Base of both layers. The class after it in the order of classes is PEFT's."""

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.kept_weight = KeptWeight()

    def update_layer(self, *arguments: Any, config: peft.LoraConfig, **keywords: Any) -> None:
        """Add an adapter, as PEFT does. Raises ``UserError`` where DoRA is asked for with dropout or biases."""
        if config.use_dora:
            for setting, only in (("lora_dropout", 0.0), ("bias", "none")):
                if (got := getattr(config, setting)) != only:
                    raise UserError(f"DoRA: expected {setting} {only!r}, got {got!r}; PEFT's own layers take it")
        super().update_layer(*arguments, config=config, **keywords)  # type: ignore[misc]

    def merge(self, *arguments: Any, **keywords: Any) -> None:
        """Merge adapters into the base weight, as PEFT does."""
        super().merge(*arguments, **keywords)  # type: ignore[misc]
        self.kept_weight.clear()  # PEFT writes through .data

    def unmerge(self) -> None:
        """Take merged adapters out of the base weight, as PEFT does."""
        super().unmerge()  # type: ignore[misc]
        self.kept_weight.clear()


def _lone_adapter(layer: Any, forward: Any) -> str | None:
    """Return the adapter to go the short way with; ``None`` where PEFT has to decide.

    ``forward`` is that of the plain layer, which the base's has to be.
    """
    if layer.disable_adapters or layer.merged:
        return None
    active = [name for name in layer.active_adapters if name in layer.lora_A]
    if len(active) != 1 or not layer.use_dora[name := active[0]]:
        return None
    base, factor = layer.base_layer, layer.lora_A[name].weight
    is_plain = (
        type(base).forward is forward
        and not (base._forward_hooks or base._forward_pre_hooks)
        and not any(parameter.requires_grad for parameter in base.parameters())
        and factor.dtype == base.weight.dtype in (torch.float32, torch.float64)
        and isinstance(layer.lora_dropout[name], nn.Identity)
    )
    return name if is_plain else None


def _adapted(layer: Any, name: str, x: Float[Tensor, "*positions i"]) -> Float[Tensor, "*positions o"]:
    """Return the output of either kind of layer, of positions by channels, with its adapted weight."""
    base, kind = layer.base_layer, x.device.type
    a, b = (factor[name].weight.flatten(1) for factor in (layer.lora_A, layer.lora_B))
    magnitude, scaling = layer.lora_magnitude_vector[name].weight.flatten(), layer.scaling[name]
    dtype, bias = base.weight.dtype, base.bias
    if dtype == torch.float32 and torch.is_autocast_enabled(kind):
        dtype = torch.get_autocast_dtype(kind)
        x, bias = x.to(dtype), None if bias is None else bias.to(dtype)
    weight, coefficient = layer.kept_weight.get(base.weight.flatten(1), a, b, magnitude, scaling, dtype)
    if not (torch.is_grad_enabled() and any(tensor.requires_grad for tensor in (x, a, b, magnitude))):
        return nn.functional.linear(x, weight, bias)
    inputs = (x.reshape(-1, x.shape[-1]), a, b, magnitude, weight, coefficient, bias, scaling)
    y: Tensor = AdaptedLinear.apply(*inputs)  # type: ignore[no-untyped-call]
    return y.view(*x.shape[:-1], len(weight))


class LinearDora(_Dora, lora.Linear):  # type: ignore[misc]
    """PEFT's DoRA layer on an ``nn.Linear``, with the same parameters, values and gradients.

    W' = m · (W + s·BA) / ‖W + s·BA‖, as in the paper without a gradient through the norm. Dropout and trained biases
    are refused. What PEFT's layer does and this one does not: gradients of gradients, and a finite gradient of a
    magnitude that is exactly 0.

    Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5 and section 4.3.
    """

    def forward(self, x: Float[Tensor, "*positions i"], *arguments: Any, **keywords: Any) -> Tensor:
        """Return the adapted layer's output."""
        name = None
        if not (arguments or keywords or self.fan_in_fan_out) and x.ndim > 1:  # of one vector PEFT makes a row
            name = _lone_adapter(self, nn.Linear.forward)
        output: Tensor = super().forward(x, *arguments, **keywords) if name is None else _adapted(self, name, x)
        return output


class PointwiseDora(_Dora, lora.Conv2d):  # type: ignore[misc]
    """PEFT's DoRA layer on a convolution; a 1×1 one is computed as a linear layer of every pixel's channels.

    What is refused and what differs is as in ``LinearDora``.

    Source: Liu et al. 2024, "DoRA: Weight-Decomposed Low-Rank Adaptation", equation 5 and section 4.3.
    """

    def forward(self, x: Float[Tensor, "b i h w"], *arguments: Any, **keywords: Any) -> Tensor:
        """Return the adapted convolution's output."""
        name = None
        if not (arguments or keywords) and x.ndim == 4 and is_pointwise(self.base_layer):
            name = _lone_adapter(self, nn.Conv2d.forward)
        if name is None:
            output: Tensor = super().forward(x, *arguments, **keywords)
            return output
        down, across = self.base_layer.stride
        return _adapted(self, name, x[:, :, ::down, ::across].permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def is_pointwise(module: nn.Module) -> bool:
    """Tell whether a module is a convolution that is a linear layer of every pixel's channels.

    >>> is_pointwise(nn.Conv2d(2, 4, 1, stride=2)), is_pointwise(nn.Conv2d(2, 4, 3)), is_pointwise(nn.Linear(2, 4))
    (True, False, False)
    """
    return (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.groups == 1
        and module.padding in ((0, 0), "same", "valid")
    )
