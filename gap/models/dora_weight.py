"""The adapted weight of a DoRA layer, kept as long as what it is made of stays."""

import weakref
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor
from torch.optim.optimizer import register_optimizer_step_post_hook

_STEPS = 0  # of every optimiser in this process: a fused one moves parameters without raising their versions


def _count_step(*_: object) -> None:
    global _STEPS
    _STEPS += 1


register_optimizer_step_post_hook(_count_step)


class KeptWeight:
    """The adapted weight of one layer: W' = c·(W + s·BA), c = m / ‖W + s·BA‖, a row's norm each.

    Steps of optimisers, changes in place under ``torch.no_grad``, ``set_``, and another tensor or storage in the place
    of one are noticed. A change in place through ``.data``, as in ``layer.weight.data.mul_(2)``, is hidden from PyTorch
    and from this: call ``clear`` after it, or write under ``torch.no_grad`` instead.
    """

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Form the weight anew when it is next asked for."""
        self._key: tuple[object, ...] = ()
        self._storages: tuple[weakref.ref[torch.UntypedStorage], ...] = ()
        self._kept: tuple[Tensor, Tensor] | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "KeptWeight":
        return KeptWeight()  # a copy of the layer has other parameters

    def __reduce__(self) -> tuple[type["KeptWeight"], tuple[()]]:
        return KeptWeight, ()

    def get(
        self,
        weight: Float[Tensor, "o i"],
        a: Float[Tensor, "r i"],
        b: Float[Tensor, "o r"],
        magnitude: Float[Tensor, " o"],
        scaling: float,
        dtype: torch.dtype,
    ) -> tuple[Float[Tensor, "o i"], Float[Tensor, " o"]]:
        """Return W' in ``dtype`` and c."""
        if torch.compiler.is_compiling():
            return merge(weight, a, b, magnitude, scaling, dtype)
        tensors = (weight, a, b, magnitude)
        key = (_STEPS, scaling, dtype, *map(_place_and_version, tensors))
        if self._kept is None or key != self._key or not all(map(_is_storage_of, self._storages, tensors)):
            self.clear()  # the old weight's memory is free before the new one is formed
            self._kept = merge(weight, a, b, magnitude, scaling, dtype)
            self._key, self._storages = key, tuple(weakref.ref(tensor.untyped_storage()) for tensor in tensors)
        return self._kept


def _place_and_version(tensor: Tensor) -> tuple[object, ...]:
    return tensor._version, tensor.device, tensor.dtype, tensor.storage_offset(), tensor.shape, tensor.stride()


def _is_storage_of(storage: "weakref.ref[torch.UntypedStorage]", tensor: Tensor) -> bool:
    # Not its address, which may be another storage's by now: a model on its way to a device and back has a new one.
    return storage() is tensor.untyped_storage()


def merge(
    weight: Tensor, a: Tensor, b: Tensor, magnitude: Tensor, scaling: float, dtype: torch.dtype
) -> tuple[Tensor, Tensor]:
    """Form W' in ``dtype``, and c in that of the parameters."""
    # What is formed while measuring may be used in the next step: it must not be an inference tensor.
    with torch.inference_mode(False), torch.no_grad(), torch.autocast(weight.device.type, enabled=False):
        direction = torch.addmm(weight, b.detach(), a.detach(), alpha=scaling)
        coefficient = magnitude.detach() / direction.norm(dim=1)
        return direction.mul_(coefficient.unsqueeze(1)).to(dtype), coefficient
