"""Gradient descent of a loss on the points themselves: where it takes a representation that nothing else holds."""

import math
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.errors import UserError
from gap.metrics import modality_gap
from study.explore.sphere.clouds import Cloud, draw
from study.explore.sphere.measures import Loss, full_recall_at_1

FARTHEST = 0.2  # radians, about 11°: what a point moves in one step at most, so that the eye can follow
Points = Float[Tensor, "n d"]


def descend(x: Points, y: Points, loss: Loss, rate: float) -> tuple[Points, Points, float]:
    """Make one step of gradient descent on the sphere; gives the points after it and the loss before it.

    Every point moves along minus n·rate times the tangential part of its gradient and is scaled back to length 1. The
    n makes up for the losses being means over points. If a point would move farther than ``FARTHEST``, all
    moves are scaled down together.

    Raises ``UserError`` if no term has a weight, a term needs more rows, or the loss is not finite.

    >>> x = torch.tensor([[1.0, 0.0]])
    >>> moved, _, before = descend(x, torch.tensor([[0.0, 1.0]]), Loss((("align", 1.0),)), 0.05)
    >>> [round(value, 3) for value in moved[0].tolist()], before
    ([0.995, 0.1], 2.0)
    """
    if not any(weight for _, weight in loss.weights):
        raise UserError("no term has a weight: there is nothing to descend")
    leaves = [points.detach().clone().requires_grad_() for points in (x, y)]
    with torch.enable_grad():
        try:
            total = loss(leaves[0], leaves[1])
        except ValueError as error:
            raise UserError(str(error)) from error
        gradients = torch.autograd.grad(total, leaves)
    if not math.isfinite(total.item()):
        raise UserError(f"the loss is {total.item()}")
    moves = [-rate * len(x) * _tangential(points, slope) for points, slope in zip((x, y), gradients, strict=True)]
    longest = max(torch.linalg.vector_norm(move, dim=1).max().item() for move in moves)
    shrink = min(1.0, FARTHEST / longest) if longest > 0 else 1.0
    after = [F.normalize(points + shrink * move, dim=1) for points, move in zip((x, y), moves, strict=True)]
    return after[0], after[1], total.item()


def _tangential(points: Points, gradient: Points) -> Points:
    return gradient - (gradient * points).sum(dim=1, keepdim=True) * points


@dataclass(frozen=True)
class Moment:
    """A step of a descent: the points, and the loss, gap and R@1 (per cent) of every step up to it."""

    x: Points
    y: Points
    losses: tuple[float, ...]
    gaps: tuple[float, ...]
    recalls: tuple[float, ...]


class Descent:
    """The descent of a loss from a draw: a function of the step, which remembers the last that it was asked for."""

    def __init__(self, cloud: Cloud, loss: Loss, rate: float) -> None:
        self._cloud, self._loss, self._rate = cloud, loss, rate
        self._last = self._start()
        self._lock = Lock()  # the explorer answers several requests at a time

    def at(self, step: int) -> Moment:
        """Give the moment after ``step`` steps. Raises ``UserError`` as ``descend`` does."""
        with self._lock:
            if step < len(self._last.losses) - 1:
                self._last = self._start()
            while len(self._last.losses) - 1 < step:
                self._last = self._after(self._last)
            return self._last

    def _start(self) -> Moment:
        x, y = draw(self._cloud)
        return self._moment(x, y, None)

    def _after(self, moment: Moment) -> Moment:
        x, y, _ = descend(moment.x, moment.y, self._loss, self._rate)
        return self._moment(x, y, moment)

    @torch.no_grad()
    def _moment(self, x: Points, y: Points, before: Moment | None) -> Moment:
        try:
            loss = self._loss(x, y).item()
        except ValueError:
            loss = math.nan
        now = (loss, modality_gap(x, y).item(), full_recall_at_1(x, y).item())
        past = ((), (), ()) if before is None else (before.losses, before.gaps, before.recalls)
        return Moment(x, y, *((*old, new) for old, new in zip(past, now, strict=True)))


@lru_cache(maxsize=4)
def descent(cloud: Cloud, loss: Loss, rate: float) -> Descent:
    """Give the one descent of these settings that every request goes on with; the last four are kept."""
    return Descent(cloud, loss, rate)
