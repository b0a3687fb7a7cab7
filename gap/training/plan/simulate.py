"""A training step made on tensors without values: what it holds and what it computes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch._subclasses import FakeTensorMode

from gap.training.plan.cuda_casts import cuda_casts
from gap.training.plan.meter import Meter


@dataclass(frozen=True)
class Subject:
    """What is simulated: a model in training mode, its optimiser, and ``step(n)``, a whole step on n new pairs.

    The gradients of a step stay until the next one drops them.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    step: Callable[[int], object]


@dataclass(frozen=True)
class Simulated:
    """One step on ``pairs`` pairs, in bytes, and its floating-point operations.

    ``peak`` is the most that is held at any moment: ``weights`` (all parameters and buffers), ``gradients`` of what is
    trained, the ``optimiser``'s state, and ``activations``, which is the rest: what the backward pass needs, what is
    made on the way, the batch itself.
    """

    pairs: int
    peak: int
    weights: int
    gradients: int
    optimiser: int
    flops: int

    @property
    def activations(self) -> int:
        """What is neither weight nor gradient nor state of the optimiser when most is held."""
        return self.peak - self.weights - self.gradients - self.optimiser


def simulate(
    make: Callable[[], Subject], sizes: Sequence[int], *, like: Literal["cpu", "cuda"] = "cuda"
) -> list[Simulated]:
    """Make one step for each size, with the gradients of a step before and the optimiser's state already there.

    ``make`` is called where every new tensor has shapes and no values; tensors from elsewhere are refused. They lie on
    a device named cpu, the only one that every build of PyTorch differentiates on; ``like="cuda"`` has mixed precision
    cast as CUDA does. Attention is the fused kind on both, which keeps no matrix of its weights.

    >>> def make():
    ...     model = nn.Linear(1000, 1000, bias=False)
    ...     optimiser = torch.optim.SGD(model.parameters(), lr=0.1)
    ...     return Subject(model, optimiser, lambda n: model(torch.zeros(n, 1000)).sum().backward())
    >>> one, = simulate(make, [10])
    >>> one.weights, one.gradients, one.flops
    (4000000, 4000000, 40000000)
    """
    with _without_values(like) as meter:
        subject = make()
        _after_a_step(subject)
        return [_step(subject, meter, size) for size in sizes]


def peak_and_flops(run: Callable[[], object], *, like: Literal["cpu", "cuda"] = "cuda") -> tuple[int, int]:
    """Give the most bytes that ``run`` holds on tensors without values, and its floating-point operations.

    >>> peak_and_flops(lambda: torch.ones(10, 20) @ torch.ones(20, 30))
    (4400, 12000)
    """
    with _without_values(like) as meter:
        run()
    return meter.peak, meter.flops


@contextmanager
def _without_values(like: Literal["cpu", "cuda"]) -> Iterator[Meter]:
    casts = cuda_casts() if like == "cuda" else nullcontext()
    with torch.random.fork_rng(devices=[]), FakeTensorMode(), Meter() as meter, casts:
        yield meter


def _after_a_step(subject: Subject) -> None:
    for parameter in subject.model.parameters():
        if parameter.requires_grad:
            parameter.grad = torch.zeros_like(parameter)
    subject.optimiser.step()


def _step(subject: Subject, meter: Meter, size: int) -> Simulated:
    meter.restart()
    subject.step(size)
    held = [*subject.model.parameters(), *subject.model.buffers()]
    trained = [parameter for parameter in subject.model.parameters() if parameter.requires_grad]
    states = [value for state in subject.optimiser.state.values() for value in state.values()]
    return Simulated(
        pairs=size,
        peak=meter.peak,
        weights=_bytes(held),
        gradients=_bytes(trained),
        optimiser=_bytes([value for value in states if isinstance(value, Tensor)]),
        flops=meter.flops,
    )


def _bytes(tensors: Sequence[Tensor]) -> int:
    return sum({id(storage): storage.nbytes() for storage in (one.untyped_storage() for one in tensors)}.values())
