"""Where a tower can be cut, found by trying it on two examples rather than by knowing the model."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch import Tensor

from gap.models.clip import Clip, ClipModel
from gap.models.modes import train_mode
from gap.models.precision import autocast
from gap.models.prefix import ENCODE, Prefix, frozen_blocks, hidden_of, leaves, replaced_forwards, run_to_boundary

# Share of the features' squared length: above what rounding does, far below what a wrong cut does.
TOLERANCES = {"fp32": 1e-6, "bf16": 1e-3}


def find_prefix(clip: Clip, tower: str, *, device: torch.device, precision: str) -> Prefix | None:
    """Cut the ``image`` or the ``text`` tower behind its last frozen block; ``None`` where it has to run whole.

    There is a prefix if, for two examples, the hidden state at the boundary depends on nothing that is trained,
    training draws no random numbers in the tower, and the features made from that state are the tower's own. The model
    has to be on ``device``; its mode and the random state stay as they are, and dropout is turned off in it, as it is
    for training.

    >>> from gap.models.adapters import adapt
    >>> from gap.models.load import load_clip
    >>> clip = load_clip("tiny")
    >>> _ = adapt(clip.model, method="last_layers", last_n=2)
    >>> find_prefix(clip, "image", device=torch.device("cpu"), precision="fp32").blocks
    ('visual.transformer.resblocks.0',)
    """
    blocks = tuple(frozen_blocks(clip.model)[tower])
    if not blocks:
        return None
    pair = EXAMPLES[tower](clip).to(device)
    with _undone(clip.model, device), autocast(device, precision):
        run = _run_whole(clip.model, tower, blocks, pair, device)
        if run is None:
            return None
        with torch.no_grad():
            axes = _storage_order(run_to_boundary(clip.model, tower, blocks, pair[:1]), run.hidden)
            if axes is None:
                return None
            stored = run.hidden.permute(axes)
            shape, dtype = tuple(stored.shape[1:]), stored.dtype
            prefix = Prefix(clip, tower, blocks, axes=axes, shape=shape, dtype=dtype, in_tuple=run.in_tuple)
            again = prefix.proceed(stored, pair if tower == "text" else None)
    return prefix if _agree(run.features, again, TOLERANCES[precision]) else None


def _two_images(clip: Clip) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    dtype = next(clip.model.visual.parameters()).dtype
    pixels = torch.randn(2, 3, clip.image_size, clip.image_size, generator=generator, dtype=dtype)
    return pixels.contiguous(memory_format=torch.channels_last)


def _two_texts(clip: Clip) -> Tensor:
    return clip.tokenize(["a bee", "two bees and a flower in the garden"])


EXAMPLES: dict[str, Callable[[Clip], Tensor]] = {"image": _two_images, "text": _two_texts}


@contextmanager
def _undone(model: ClipModel, device: torch.device) -> Iterator[None]:
    """Put the model in training mode for a while, and let nothing that is drawn meanwhile count."""
    before = [(module, module.training) for module in model.modules()]
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            train_mode(model)
            yield
        finally:
            for module, training in before:
                module.training = training


class _Run(NamedTuple):
    """What a run of a whole tower showed: its features, and the output at the boundary."""

    features: Tensor
    hidden: Tensor
    in_tuple: bool


def _run_whole(
    model: ClipModel, tower: str, blocks: tuple[str, ...], inputs: Tensor, device: torch.device
) -> _Run | None:
    """Run the whole tower with gradients; ``None`` if the output at the boundary is not one that never changes."""
    last = leaves(model, blocks)[-1]
    forward = last.forward
    noted: list[tuple[Tensor, bool, bool]] = []

    def note(*inputs: Any, **named: Any) -> Any:
        output = forward(*inputs, **named)
        hidden = hidden_of(output)
        in_tuple = isinstance(output, tuple)
        is_all = not in_tuple or len(output) == 1
        # a copy: what comes next may work in place
        noted.append((hidden.detach().clone(), in_tuple, is_all and not hidden.requires_grad))
        return output

    before = _random_states(device)
    with torch.enable_grad(), replaced_forwards({last: note}):
        features = ENCODE[tower](model, inputs)
    is_random = not all(map(torch.equal, before, _random_states(device)))
    if is_random or len(noted) != 1:
        return None
    hidden, in_tuple, is_constant = noted[0]
    return _Run(features.detach(), hidden, in_tuple) if is_constant else None


def _random_states(device: torch.device) -> list[Tensor]:
    return [torch.get_rng_state(), *([torch.cuda.get_rng_state(device)] if device.type == "cuda" else [])]


def _storage_order(one: Tensor, two: Tensor) -> tuple[int, ...] | None:
    """Put the axis along which the examples lie first, the others in the order of memory; ``None`` if it is not clear.

    The outputs for one example and for two differ along that axis alone.
    """
    differing = [axis for axis in range(two.ndim) if one.ndim != two.ndim or one.shape[axis] != two.shape[axis]]
    if len(differing) != 1:
        return None
    strides = {axis: stride for axis, stride in enumerate(two.stride()) if axis != differing[0]}
    return (differing[0], *sorted(strides, key=lambda axis: -strides[axis]))


def _agree(whole: Tensor, split: Tensor, tolerance: float) -> bool:
    if whole.shape != split.shape:
        return False
    difference = (whole.float() - split.float()).square().sum()
    return bool(difference <= tolerance * whole.float().square().sum())
