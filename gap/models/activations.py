"""What every block of a model makes of its inputs, one vector an example."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn

from gap.models.blocks import tower_blocks


@contextmanager
def record_blocks(model: nn.Module) -> Iterator[dict[str, list[Tensor]]]:
    """Collect, by block name, the output of every block of both towers for each batch that passes meanwhile.

    An output is averaged over its positions (tokens, or pixels of a feature map with channels first) to one vector an
    example, in fp32 on the CPU: [batch, width]. Padding counts as a position, so two models are comparable on the same
    batches only.

    >>> import torch
    >>> model = nn.ModuleDict({"visual": nn.ModuleDict({"blocks": nn.Sequential(nn.Identity(), nn.Flatten(2))})})
    >>> with record_blocks(model) as outputs:
    ...     _ = model["visual"]["blocks"](torch.ones(3, 5, 2))
    >>> {name: [tuple(part.shape) for part in parts] for name, parts in outputs.items()}
    {'visual.blocks.0': [(3, 2)], 'visual.blocks.1': [(3, 2)]}
    """
    outputs: dict[str, list[Tensor]] = defaultdict(list)

    def keep(name: str) -> Callable[[nn.Module, Any, Any], None]:
        return lambda module, inputs, output: outputs[name].append(_pooled(output))

    blocks = {name: block for tower in tower_blocks(model).values() for name, block in tower.items()}
    hooks = [block.register_forward_hook(keep(name)) for name, block in blocks.items()]
    try:
        yield outputs
    finally:
        for hook in hooks:
            hook.remove()


def _pooled(output: Any) -> Tensor:
    features: Tensor = output[0] if isinstance(output, tuple) else output
    positions = (2, 3) if features.ndim == 4 else (1,)
    return features.detach().float().mean(dim=positions).cpu()
