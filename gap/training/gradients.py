"""The gradient of a batch's loss: at once, or chunk by chunk with the same result in the memory of one chunk.

Every loss term is a function of the batch's embeddings alone. So the embeddings are made first, without a graph; the
loss and its gradient on them are taken for the whole batch; then every chunk is embedded again, with its graph, and
that gradient is sent through it. Parameters that the loss reads itself, such as the temperature, get theirs once.

Source: Gao et al. 2021, "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.training.encoders import Chunk, Encoder

Losses: TypeAlias = tuple[Tensor, dict[str, Tensor]]
"""The total, with a graph, and every term's own value."""
Objective: TypeAlias = Callable[[Tensor, Tensor], Losses]


@dataclass(frozen=True)
class Batch:
    """Pairs by their rows in the images and in the texts."""

    images: Int[np.ndarray, " n"]
    texts: Int[np.ndarray, " n"]


def load_chunks(batch: Batch, images: Encoder, texts: Encoder, *, chunk: int) -> Iterator[Chunk]:
    """Read what ``accumulate`` takes for a batch, in its order: images, texts, and both again if there are chunks."""
    parts = range(0, len(batch.images), chunk)
    for _ in range(2 if len(parts) > 1 else 1):
        for encoder, rows in ((images, batch.images), (texts, batch.texts)):
            for start in parts:
                yield encoder.gather(rows[start : start + chunk])


def accumulate(
    load: Iterator[Chunk], images: Encoder, texts: Encoder, objective: Objective, *, size: int, chunk: int
) -> Losses:
    """Add the gradient of a batch of ``size`` pairs to the parameters' gradients, ``chunk`` pairs at a time.

    ``load`` gives what ``load_chunks`` reads. The values are the whole batch's. Random numbers that an encoder draws
    are the same in both passes.
    """
    if chunk >= size:
        total, values = objective(images.encode(next(load)), texts.encode(next(load)))
        total.backward()
        return total.detach(), values
    towers = [_Tower(encoder) for encoder in (images, texts)]
    parts = range(0, size, chunk)
    for tower in towers:
        tower.embed(next(load) for _ in parts)
    total, values = objective(*(tower.features for tower in towers))
    total.backward()
    for tower in towers:
        tower.send_back(next(load) for _ in parts)
    return total.detach(), values


class _Tower:
    """One tower in its two passes over a batch."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._random: list[_RandomState] = []

    def embed(self, chunks: Iterator[Chunk]) -> None:
        parts = []
        with torch.no_grad():
            for chunk in chunks:
                self._random.append(_random_state())
                parts.append(self._encoder.encode(chunk))
        self.features: Float[Tensor, "n d"] = torch.cat(parts).requires_grad_()

    def send_back(self, chunks: Iterator[Chunk]) -> None:
        gradient, start = self.features.grad, 0
        for chunk, random in zip(chunks, self._random, strict=True):
            with _replayed(random):
                features = self._encoder.encode(chunk)
            part = slice(start, start + len(features))
            start += len(features)
            if gradient is not None and features.requires_grad:  # a term may read one tower, a method train one
                features.backward(gradient[part])


_RandomState: TypeAlias = tuple[Tensor, Tensor | None]


def _random_state() -> _RandomState:
    return torch.get_rng_state(), torch.cuda.get_rng_state() if torch.cuda.is_initialized() else None


@contextmanager
def _replayed(state: _RandomState) -> Iterator[None]:
    cpu, cuda = state
    with torch.random.fork_rng(devices=[] if cuda is None else [torch.cuda.current_device()]):
        torch.set_rng_state(cpu)
        if cuda is not None:
            torch.cuda.set_rng_state(cuda)
        yield
