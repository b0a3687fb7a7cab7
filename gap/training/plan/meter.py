"""Bytes that are alive and floating-point operations that are made, counted as they happen."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch._subclasses import FakeTensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from gap.training.plan.flops import FORMULAS

_ITEM = torch.ops.aten._local_scalar_dense.default
_DEVICE = torch.ops.prim.device.default


class Meter(TorchDispatchMode):
    """Counts the storages that live while it is entered, and the operations, of tensors without values too.

    A storage counts in bytes from the operation that made it until nothing refers to it any more, be it a name in
    Python or what autograd keeps for the backward pass; views share one storage. ``live`` is what is held now, ``peak``
    the most that was held since ``restart``, ``flops`` the operations since then (a multiply-add is two; products,
    convolutions and attention count, element by element work does not).

    Where a program asks for a value (``.item()``) that a tensor does not have, the answer is 1.0, 0 or False: a program
    whose steps depend on values is followed down one of its ways only.

    >>> with Meter() as meter:
    ...     kept = torch.zeros(1000) + 1
    ...     _ = torch.ones(10, 20) @ torch.ones(20, 30)
    >>> meter.live, meter.peak, meter.flops
    (5200, 8400, 12000)
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.live = self.peak = self.flops = 0
        self._storages: dict[int, tuple[int, weakref.ref[torch.UntypedStorage]]] = {}

    def restart(self) -> None:
        """Begin the peak at what is held now, and the operations at 0."""
        self.peak, self.flops = self.live, 0

    def __torch_dispatch__(
        self, func: Any, types: Sequence[type], args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is _DEVICE and isinstance(args[0], FakeTensor):
            return args[0].fake_device  # asked for at every turn: the answer of the mode below takes most of the time
        if func is _ITEM and isinstance(args[0], FakeTensor):
            return _any_value(args[0])
        formula = FORMULAS.get(func.overloadpacket)
        if formula is None and torch.is_inference_mode_enabled():
            # Elsewhere autograd has taken a linear layer apart into what is counted; here nobody has.
            with self:
                parts = func.decompose(*args, **kwargs)
            if parts is not NotImplemented:
                return parts
        result = func(*args, **kwargs)
        for leaf in tree_leaves(result):
            if isinstance(leaf, Tensor):
                self._count(leaf.untyped_storage())
        if formula:
            self.flops += formula(*args, **kwargs, out_val=result)
        return result

    def _count(self, storage: torch.UntypedStorage) -> None:
        key = id(storage)  # of a living object: no other has it
        if key in self._storages:
            return
        size = storage.nbytes()
        self._storages[key] = size, weakref.ref(storage, self._forget(key))
        self.live += size
        self.peak = max(self.peak, self.live)

    def _forget(self, key: int) -> Callable[[object], None]:
        def forget(_: object) -> None:
            self.live -= self._storages.pop(key)[0]

        return forget


def _any_value(tensor: Tensor) -> float | int | bool:
    if tensor.dtype == torch.bool:
        return False
    return 1.0 if tensor.is_floating_point() else 0
