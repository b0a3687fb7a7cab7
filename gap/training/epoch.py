"""One epoch of training."""

import gc
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch

from gap.models.compilation import compilation_failure, running
from gap.training.encoders import Chunk, Encoder
from gap.training.errors import out_of_memory
from gap.training.feed import Feed
from gap.training.gradients import Batch, Objective, accumulate, load_chunks
from gap.training.step import train_step


@dataclass
class Trained:
    """What an epoch did: sums over its steps of the loss and its terms, images, seconds, seconds waiting for data."""

    chunk: int
    compiled: bool = False
    sums: dict[str, float] = field(default_factory=dict)
    steps: int = 0
    images: int = 0
    seconds: float = 0.0
    waited: float = 0.0

    @property
    def means(self) -> dict[str, float]:
        """The loss and its terms, averaged over the steps."""
        return {name: value / self.steps for name, value in self.sums.items()}

    def add(self, shown: dict[str, float], batch: Batch) -> None:
        """Count a step."""
        self.sums = {name: self.sums.get(name, 0.0) + value for name, value in shown.items()}
        self.steps += 1
        self.images += len(batch.images)


def train_epoch(
    batches: Sequence[Batch],
    images: Encoder,
    texts: Encoder,
    objective: Objective,
    optimiser: torch.optim.Optimizer,
    *,
    device: torch.device,
    chunk: int,
    compiled: bool,
    first_step: int,
    after_step: Callable[[], None],
    note: Callable[[str], None],
) -> Trained:
    """Make an optimiser step of every batch, at most ``chunk`` pairs at a time in memory; rows are read ahead.

    Where memory runs out the chunk is halved, the batch stays, and the step is made again: nothing has moved. So it
    is, and all that follow, without ``compiled`` blocks where compiling them fails. ``note`` is told of what
    was changed, ``after_step`` is called after each step. Raises what a step raises, the memory error where one pair at
    a time is too many.
    """
    began = time.perf_counter()
    trained = Trained(chunk, compiled)
    while trained.steps < len(batches):
        left = batches[trained.steps :]
        read = _read(left, images, texts, chunk=trained.chunk, pin=device.type == "cuda")
        with Feed(read) as feed, running(compiled=trained.compiled):
            for batch in left:
                gradients = partial(
                    accumulate, feed, images, texts, objective, size=len(batch.images), chunk=trained.chunk
                )
                try:
                    shown = train_step(optimiser, gradients, step=first_step + trained.steps)
                except Exception as error:
                    change = _remedy(error, trained, size=len(batch.images))
                    if not change:
                        raise
                else:
                    trained.add(shown, batch)
                    after_step()
                    continue
                note(change)
                optimiser.zero_grad(set_to_none=True)
                gc.collect()
                torch.cuda.empty_cache()
                break
        trained.waited += feed.waited
    trained.seconds = time.perf_counter() - began
    return trained


def _remedy(error: Exception, trained: Trained, *, size: int) -> str:
    """Change how the steps are made so that this one may succeed, and say what was changed; empty if nothing helps."""
    if (failure := out_of_memory(error)) and trained.chunk > 1:
        before, trained.chunk = trained.chunk, -(-min(trained.chunk, size) // 2)
        return f"{failure}: chunk_size {before} is now {trained.chunk}"
    if trained.compiled and (failure := compilation_failure(error)):
        trained.compiled = False
        return f"compile: off from here on ({failure})"
    return ""


def _read(batches: Sequence[Batch], images: Encoder, texts: Encoder, *, chunk: int, pin: bool) -> Iterator[Chunk]:
    for batch in batches:
        for part in load_chunks(batch, images, texts, chunk=chunk):
            yield tuple(tensor.pin_memory() for tensor in part) if pin else part
