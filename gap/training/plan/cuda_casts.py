"""What mixed precision casts on a CUDA device and leaves alone on a CPU."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.library import Library

# Operations that autocast runs in fp32 on CUDA alone: those of the list that models use on large tensors.
# Source: AT_FORALL_FP32 and AT_FORALL_FP32_SET_OPT_DTYPE in PyTorch's ATen/autocast_mode.h.
IN_FP32 = (
    "layer_norm", "native_layer_norm", "group_norm", "softmax.int", "log_softmax.int", "softplus", "logsumexp",
    "linalg_vector_norm", "norm.ScalarOpt_dim", "cosine_similarity", "exp", "log", "pow.Tensor_Scalar", "reciprocal",
    "rsqrt",
)  # fmt: skip


@contextmanager
def cuda_casts() -> Iterator[None]:
    """Let autocast on a CPU cast as it would on CUDA: a layer norm's input, for one, is kept in fp32.

    The rules are given to PyTorch's dispatcher, for the whole process, and taken back at the end.

    >>> x = torch.ones(2, 4, dtype=torch.bfloat16)
    >>> with cuda_casts(), torch.autocast("cpu", torch.bfloat16):
    ...     torch.nn.functional.layer_norm(x, (4,)).dtype
    torch.float32
    """
    rules = Library("aten", "IMPL")
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*previously registered kernel.*")
            for name in IN_FP32:
                rules.impl(name, _in_fp32(name), "AutocastCPU")
        yield
    finally:
        rules._destroy()


def _in_fp32(name: str) -> Callable[..., Any]:
    packet, _, overload = name.partition(".")
    operation = getattr(getattr(torch.ops.aten, packet), overload or "default")

    def run(*args: Any, **kwargs: Any) -> Any:
        with torch.autocast("cpu", enabled=False):
            return operation(*map(_widened, args), **{key: _widened(value) for key, value in kwargs.items()})

    return run


def _widened(value: Any) -> Any:
    return value.float() if isinstance(value, Tensor) and value.dtype in (torch.bfloat16, torch.float16) else value
