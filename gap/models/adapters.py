"""What is trained: low-rank adapters on every projection, the last blocks, or everything.

DoRA and LoRA go on every ``nn.Linear`` of both towers and on every ungrouped 1×1 convolution; never on embeddings,
norms or depthwise convolutions. Three of open_clip's own parts are left out as they are: the attention pool of its
ResNets, which reads its layers' weights without calling them, the captioning decoder of CoCa, which embeds nothing, and
the text tower's last projection, which is a bare parameter in most models and told apart by its type in the others. An
adapted model equals its base at the start: the second factor starts at zero. ``adapt_blocks`` leaves all but the last
blocks as they are.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import peft
from open_clip.modified_resnet import AttentionPool2d
from open_clip.transformer import MultimodalTransformer
from torch import nn

from gap.errors import UserError, unknown
from gap.models.blocks import tower_blocks
from gap.models.dora import LinearDora, PointwiseDora, is_pointwise
from gap.models.scaling import SCALINGS

_UNREACHED = (AttentionPool2d, MultimodalTransformer)


@dataclass(frozen=True)
class LowRank:
    """Rank, scaling and place of adapters."""

    rank: int
    scaling: str
    adapt_blocks: int | None


def adapt(
    model: nn.Module,
    *,
    method: str = "dora",
    rank: int = 8,
    scaling: str = "rslora",
    last_n: int = 2,
    adapt_blocks: int | None = None,
) -> peft.PeftModel | None:
    """Make ``model`` trainable by one of ``METHODS``, in place, everything else frozen.

    ``dora`` and ``lora`` go on the last ``adapt_blocks`` blocks of each tower and on what lies behind them, on every
    layer if it is ``None``, with the factor before their product that ``SCALINGS`` gives for the rank; ``last_layers``
    trains the last ``last_n`` blocks. A setting of another method is ignored. ``model`` keeps its own methods
    (``encode_image``, ``encode_text``). The PEFT model that wraps it is returned for saving, ``None`` where the method
    has no adapters. ``logit_scale`` is left frozen: the temperature policy decides. Packed attention must have been
    split. Raises ``UserError`` on an unknown method or scaling, and where a tower has no blocks to count.

    >>> model = nn.Sequential(nn.Linear(4, 4), nn.LayerNorm(4))
    >>> _ = adapt(model, method="lora", rank=1)
    >>> sum(parameter.numel() for parameter in trained_parameters(model))
    8
    """
    if method not in METHODS:
        raise unknown("adaptation method", method, METHODS)
    if scaling not in SCALINGS:
        raise unknown("scaling", scaling, SCALINGS)
    model.requires_grad_(False)
    wrapped = METHODS[method](model, LowRank(rank, scaling, adapt_blocks), last_n)
    if isinstance(scale := getattr(model, "logit_scale", None), nn.Parameter):
        scale.requires_grad_(False)
    return wrapped


def adapter_targets(model: nn.Module, adapt_blocks: int | None = None) -> list[str]:
    """Name every layer of both towers that an adapter goes on.

    With ``adapt_blocks``, these are the layers of each tower's last blocks, and those that the tower defines after its
    blocks. Raises ``UserError`` where a tower has no blocks.

    >>> adapter_targets(nn.ModuleDict({"fc": nn.Linear(2, 2), "norm": nn.LayerNorm(2), "pw": nn.Conv2d(2, 2, 1)}))
    ['fc', 'pw']
    """
    left_out = set() if adapt_blocks is None else _before_last_blocks(model, adapt_blocks)
    unreached = tuple(f"{name}." for name, module in model.named_modules() if isinstance(module, _UNREACHED))
    return [
        name
        for name, module in model.named_modules()
        if _is_projection(module)
        and name not in left_out
        and not name.startswith(unreached)
        and name.rpartition(".")[2] != "text_projection"
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
    return isinstance(module, nn.Linear) or is_pointwise(module)


def _before_last_blocks(model: nn.Module, n: int) -> set[str]:
    """Name every module of both towers that is defined before the first of the last ``n`` blocks."""
    names = [name for name, _ in model.named_modules()]
    before: set[str] = set()
    for tower, blocks in tower_blocks(model).items():
        if not blocks:
            raise UserError(f"adapt_blocks needs towers made of blocks, and the {tower} tower has none: leave it out")
        own = [name for name in names if (name.split(".")[0] == "visual") == (tower == "image")]
        before.update(own[: own.index(list(blocks)[-n:][0])])
    return before


def _low_rank(model: nn.Module, low_rank: LowRank, *, use_dora: bool) -> peft.PeftModel:
    # A pattern for whole names: of a list, PEFT takes every entry for the end of a name as well, and the text tower's
    # transformer.resblocks.1 is the end of visual.transformer.resblocks.1.
    targets = "|".join(map(re.escape, adapter_targets(model, low_rank.adapt_blocks)))
    config = peft.LoraConfig(
        r=low_rank.rank,
        **SCALINGS[low_rank.scaling](low_rank.rank),
        lora_dropout=0.0,
        use_dora=use_dora,
        target_modules=targets,
    )
    if use_dora:
        config._register_custom_module({nn.Linear: LinearDora, nn.Conv2d: PointwiseDora})
    return peft.get_peft_model(model, config)


def _dora(model: nn.Module, low_rank: LowRank, last_n: int) -> peft.PeftModel:
    return _low_rank(model, low_rank, use_dora=True)


def _lora(model: nn.Module, low_rank: LowRank, last_n: int) -> peft.PeftModel:
    return _low_rank(model, low_rank, use_dora=False)


def _last_layers(model: nn.Module, low_rank: LowRank, last_n: int) -> None:
    for tower, blocks in tower_blocks(model).items():
        if not blocks:
            raise UserError(f"last_layers needs towers made of blocks, and the {tower} tower has none")
        for block in list(blocks.values())[-last_n:]:
            block.requires_grad_(True)


def _full(model: nn.Module, low_rank: LowRank, last_n: int) -> None:
    model.requires_grad_(True)


METHODS: dict[str, Callable[[nn.Module, LowRank, int], peft.PeftModel | None]] = {
    "dora": _dora,
    "lora": _lora,
    "last_layers": _last_layers,
    "full": _full,
}
