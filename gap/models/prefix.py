"""A tower cut behind the last of its blocks that training leaves as it is.

What lies before the first trained block makes the same hidden state of an input in every epoch: ``Prefix.capture``
gives it, ``Prefix.proceed`` goes on from it. No model's forward is repeated here: the tower itself runs, with the
``forward`` of its frozen blocks replaced meanwhile.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NoReturn

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from gap.models.blocks import tower_blocks
from gap.models.clip import Clip, ClipModel

ENCODE: dict[str, Callable[[ClipModel, Tensor], Tensor]] = {
    "image": lambda model, pixels: model.encode_image(pixels),
    "text": lambda model, tokens: model.encode_text(tokens),
}


def frozen_blocks(model: nn.Module) -> dict[str, list[str]]:
    """Name each tower's blocks before the first one in which a parameter is trained.

    Whether anything before the blocks is trained, this does not see: ``gap.models.split.find_prefix`` tries it.

    >>> tower = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2)).requires_grad_(False)
    >>> _ = tower[1].requires_grad_(True)
    >>> frozen_blocks(nn.ModuleDict({"visual": nn.ModuleDict({"blocks": tower})}))
    {'image': ['visual.blocks.0'], 'text': []}
    """
    frozen = {}
    for tower, blocks in tower_blocks(model).items():
        trained = [any(parameter.requires_grad for parameter in block.parameters()) for block in blocks.values()]
        frozen[tower] = list(blocks)[: [*trained, True].index(True)]
    return frozen


@dataclass(frozen=True)
class Prefix:
    """The part of one tower whose output never changes while the rest is trained.

    ``blocks`` are the names of the frozen blocks. A hidden state is kept as [b, *shape] of ``dtype``: ``axes`` are the
    block's own axes in that order, the examples first, the others as they follow each other in memory. ``in_tuple``
    says that the blocks give their output as a tuple of one. Not for several threads at once: the model is changed
    while it runs.
    """

    clip: Clip = field(repr=False)
    tower: str
    blocks: tuple[str, ...]
    axes: tuple[int, ...]
    shape: tuple[int, ...]
    dtype: torch.dtype
    in_tuple: bool = False

    @torch.no_grad()
    def capture(self, inputs: Tensor) -> Float[Tensor, "b ..."]:
        """Give the hidden states behind the frozen blocks for pixels [b 3 h w] or tokens [b length].

        The rest of the tower does not run. Precision is the caller's, as it is for ``encode_image``.
        """
        return run_to_boundary(self.clip.model, self.tower, self.blocks, inputs).permute(self.axes).contiguous()

    def proceed(
        self, hidden: Float[Tensor, "b ..."], tokens: Int[Tensor, "b length"] | None = None
    ) -> Float[Tensor, "b d"]:
        """Give the features that the tower makes of its inputs, from their hidden states on, with a graph.

        A text tower needs the tokens as well, for its masks and its pooling; they may be trimmed to a length that the
        hidden states are trimmed to. Of an image nothing but the hidden state is read: one blank image takes its place.
        """
        model = self.clip.model
        inputs = tokens if tokens is not None else self._blank_image(hidden.device)
        back = [self.axes.index(axis) for axis in range(hidden.ndim)]
        *passed, last = leaves(model, self.blocks)
        given = _instead(hidden.permute(back), self.in_tuple)
        with replaced_forwards({**dict.fromkeys(passed, _pass_on(self.in_tuple)), last: given}):
            return ENCODE[self.tower](model, inputs)

    def _blank_image(self, device: torch.device) -> Float[Tensor, "1 3 s s"]:
        dtype = next(self.clip.model.visual.parameters()).dtype
        return torch.zeros(1, 3, self.clip.image_size, self.clip.image_size, device=device, dtype=dtype)


def leaves(model: nn.Module, blocks: tuple[str, ...]) -> list[nn.Module]:
    """Give the modules that a tower calls for these blocks: a sequence may be passed by, and its parts called in turn.

    timm does so when it recomputes activations. A part is called either way.
    """
    called: list[nn.Module] = []
    for block in map(model.get_submodule, blocks):
        is_sequence = isinstance(block, nn.Sequential) and type(block).forward is nn.Sequential.forward
        called += (list(block.children()) if is_sequence else []) or [block]
    return called


@contextmanager
def replaced_forwards(forwards: Mapping[nn.Module, Callable[..., Any]]) -> Iterator[None]:
    """Let these modules do something else for a while; they are themselves again however it ends.

    >>> layer = nn.Identity()
    >>> with replaced_forwards({layer: lambda x: x + 1}):
    ...     layer(1)
    2
    >>> layer(1)
    1
    """
    own = {module: vars(module)["forward"] for module in forwards if "forward" in vars(module)}
    try:
        for module, forward in forwards.items():
            vars(module)["forward"] = forward
        yield
    finally:
        for module in forwards:
            vars(module).pop("forward", None)
            vars(module).update({"forward": own[module]} if module in own else {})


class _Reached(Exception):  # noqa: N818 - no error: it ends a tower's forward at the boundary
    def __init__(self, hidden: Tensor) -> None:
        self.hidden = hidden


def run_to_boundary(model: ClipModel, tower: str, blocks: tuple[str, ...], inputs: Tensor) -> Tensor:
    """Run a tower as far as its last frozen block and give that block's output, as the block gives it.

    Only without gradients: the exception that ends the run would leave a checkpoint half done. Raises ``RuntimeError``
    if the tower does not call the block.
    """
    last = leaves(model, blocks)[-1]
    forward = last.forward

    def stop(*inputs: Any, **named: Any) -> NoReturn:
        raise _Reached(hidden_of(forward(*inputs, **named)))

    try:
        with replaced_forwards({last: stop}):
            ENCODE[tower](model, inputs)
    except _Reached as reached:
        return reached.hidden
    raise RuntimeError(f"the {tower} tower does not call {blocks[-1]}")


def hidden_of(output: Any) -> Tensor:
    """Give the tensor that a block returns, alone or as a tuple of one."""
    hidden: Tensor = output[0] if isinstance(output, tuple) else output
    return hidden


def _pass_on(in_tuple: bool) -> Callable[..., Any]:
    def forward(*inputs: Any, **named: Any) -> Any:
        first = inputs[0] if inputs else next(iter(named.values()))
        return (first,) if in_tuple else first

    return forward


def _instead(hidden: Tensor, in_tuple: bool) -> Callable[..., Any]:
    return lambda *inputs, **named: (hidden,) if in_tuple else hidden
