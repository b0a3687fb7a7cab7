"""How many floating-point operations a kernel makes; a multiply-add is two."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.flop_counter import flop_registry, sdpa_backward_flop_count, sdpa_flop_count


def _attention(query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> int:
    count: int = sdpa_flop_count(query.shape, key.shape, value.shape)
    return count


def _attention_backward(grad: Tensor, query: Tensor, key: Tensor, value: Tensor, *args: Any, **kwargs: Any) -> int:
    count: int = sdpa_backward_flop_count(grad.shape, query.shape, key.shape, value.shape)
    return count


def _convolution_backward(grad: Tensor, x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> int:
    """Count a forward pass for each gradient asked for, that of x and that of the weight.

    PyTorch's own formula knows no groups: a depthwise convolution's weight seems as dear as a dense one's.
    """
    wanted = kwargs["output_mask"] if "output_mask" in kwargs else args[-1]
    count: int = 2 * grad.numel() * weight[0].numel() * sum(wanted[:2])
    return count


# PyTorch's own formulas, attention as a CPU calls it, which they lack, and one that is ours.
FORMULAS: Mapping[Any, Callable[..., int]] = {
    **flop_registry,
    torch.ops.aten.convolution_backward: _convolution_backward,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: _attention,
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: _attention_backward,
}
