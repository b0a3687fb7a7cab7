"""A model without weights made ready to be stepped through: tensors that have a device, shapes and no values."""

import torch
from torch import Tensor, nn


def as_fake(model: nn.Module) -> None:
    """Give a model that lies on the meta device new parameters and buffers, in place, inside a ``FakeTensorMode``.

    Shapes, types, strides, what is trained and what is shared stay; values there are none. Four-dimensional weights are
    laid out with channels last, as training does. ``Module.to`` and ``to_empty`` cannot do it: they swap parameters,
    which those without values refuse.

    >>> from torch._subclasses import FakeTensorMode
    >>> model = nn.Linear(3, 2, device="meta")
    >>> with FakeTensorMode():
    ...     as_fake(model)
    >>> model.weight.device.type, type(model.weight.data).__name__
    ('cpu', 'FakeTensor')
    """
    made: dict[int, Tensor] = {}
    for module in model.modules():
        for tensors in (module._parameters, module._buffers):
            for name, tensor in tensors.items():
                if tensor is not None and tensor.is_meta:
                    tensors[name] = made.setdefault(id(tensor), _like(tensor))  # type: ignore[assignment]


def _like(tensor: Tensor) -> Tensor:
    fake = torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device="cpu")
    if fake.ndim == 4:
        fake = fake.contiguous(memory_format=torch.channels_last)
    return nn.Parameter(fake, requires_grad=tensor.requires_grad) if isinstance(tensor, nn.Parameter) else fake
