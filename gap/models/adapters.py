"""What is trained: low-rank adapters on every projection, the last blocks, or everything.

DoRA and LoRA go on every ``nn.Linear`` of both towers and on every ungrouped 1×1 convolution; never on embeddings,
norms or depthwise convolutions. Two of open_clip's own parts are left out as they are: the attention pool of its
ResNets, which reads its layers' weights without calling them, and the text tower's last projection, which is a bare
parameter in most models and told apart by its type in the others. An adapted model equals its base at the start: the
second factor starts at zero.
"""

from collections.abc import Callable, Iterator

import peft
from open_clip.modified_resnet import AttentionPool2d
from torch import nn

from gap.errors import UserError, unknown
from gap.models.blocks import tower_blocks
from gap.models.dora import LinearDora, PointwiseDora


def adapt(model: nn.Module, *, method: str = "dora", rank: int = 8, last_n: int = 2) -> peft.PeftModel | None:
    """Make ``model`` trainable by one of ``METHODS``, in place, everything else frozen.

    ``model`` keeps its own methods (``encode_image``, ``encode_text``). The PEFT model that wraps it is returned for
    saving, ``None`` where the method has no adapters. ``logit_scale`` is left frozen: the temperature policy decides.
    Packed attention must have been split. Raises ``UserError`` on an unknown method.

    >>> model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    >>> _ = adapt(model, method="lora", rank=1)
    >>> sum(parameter.numel() for parameter in trained_parameters(model))
    8
    """
    if method not in METHODS:
        raise unknown("adaptation method", method, METHODS)
    model.requires_grad_(False)
    wrapped = METHODS[method](model, rank, last_n)
    if isinstance(scale := getattr(model, "logit_scale", None), nn.Parameter):
        scale.requires_grad_(False)
    return wrapped


def adapter_targets(model: nn.Module) -> list[str]:
    """Name every layer of both towers that an adapter goes on.

    >>> adapter_targets(nn.ModuleDict({"fc": nn.Linear(2, 2), "norm": nn.LayerNorm(2), "pw": nn.Conv2d(2, 2, 1)}))
    ['fc', 'pw']
    """
    pools = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, AttentionPool2d))
    return [
        name
        for name, module in model.named_modules()
        if _is_projection(module) and not name.startswith(pools) and name.rpartition(".")[2] != "text_projection"
    ]


def trained_parameters(model: nn.Module) -> Iterator[nn.Parameter]:
    """Give the parameters that the optimiser gets.

    >>> sum(parameter.numel() for parameter in trained_parameters(nn.Linear(2, 2)))
    6
    """
    return (parameter for parameter in model.parameters() if parameter.requires_grad)


def check_adapters_reached(model: nn.Module) -> None:
    """Make sure, after a backward pass, that every adapter took part in it.

    A module that reads a layer's weight without calling the layer passes its adapter by: it would never train.
    Raises ``UserError`` that names the first such layer.
    """
    for name, parameter in model.named_parameters():
        if ".lora_" in name and parameter.requires_grad and parameter.grad is None:
            layer = name.split(".lora_")[0]
            raise UserError(
                f"no adapter can train {layer}, its weight is used directly: take method full or last_layers"
            )


def _is_projection(module: nn.Module) -> bool:
    pointwise = (
        isinstance(module, nn.Conv2d)
        and module.kernel_size == (1, 1)
        and module.groups == 1
        and module.padding in ((0, 0), "same", "valid")
    )
    return isinstance(module, nn.Linear) or pointwise


def _dora(model: nn.Module, rank: int, last_n: int) -> peft.PeftModel:
    return _low_rank(model, rank, use_dora=True)


def _lora(model: nn.Module, rank: int, last_n: int) -> peft.PeftModel:
    return _low_rank(model, rank, use_dora=False)


def _low_rank(model: nn.Module, rank: int, *, use_dora: bool) -> peft.PeftModel:
    # alpha = rank: the adapter's scale is 1 at every rank, so that searching the rank does not search the step size.
    config = peft.LoraConfig(
        r=rank, lora_alpha=rank, lora_dropout=0.0, use_dora=use_dora, target_modules=adapter_targets(model)
    )
    if use_dora:
        config._register_custom_module({nn.Linear: LinearDora, nn.Conv2d: PointwiseDora})
    return peft.get_peft_model(model, config)


def _last_layers(model: nn.Module, rank: int, last_n: int) -> None:
    for tower, blocks in tower_blocks(model).items():
        if not blocks:
            raise UserError(f"last_layers needs towers made of blocks, and the {tower} tower has none")
        for block in list(blocks.values())[-last_n:]:
            block.requires_grad_(True)


def _full(model: nn.Module, rank: int, last_n: int) -> None:
    model.requires_grad_(True)


METHODS: dict[str, Callable[[nn.Module, int, int], peft.PeftModel | None]] = {
    "dora": _dora,
    "lora": _lora,
    "last_layers": _last_layers,
    "full": _full,
}
