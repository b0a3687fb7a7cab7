"""The blocks that a model's towers are made of, from input to output."""

from open_clip.modified_resnet import ModifiedResNet
from torch import nn

# What open_clip, timm and transformers call a tower's stack of blocks.
STACKS = {"resblocks", "blocks", "stages", "layer", "layers"}
RESNET_STAGES = ("layer1", "layer2", "layer3", "layer4")


def tower_blocks(model: nn.Module) -> dict[str, dict[str, nn.Module]]:
    """Give the blocks of the ``image`` and the ``text`` tower by their names in the model, in order.

    A transformer's blocks are its layers, those of a convolutional tower its stages. A tower that is not a stack of
    blocks has none.

    >>> tower = nn.ModuleDict({"resblocks": nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2)])})
    >>> blocks = tower_blocks(nn.ModuleDict({"visual": tower, "transformer": tower["resblocks"][0]}))
    >>> list(blocks["image"]), list(blocks["text"])
    (['visual.resblocks.0', 'visual.resblocks.1'], [])
    """
    towers: dict[str, dict[str, nn.Module]] = {"image": {}, "text": {}}
    for name, module in model.named_modules():  # a stack comes before what it contains
        tower = towers["image" if name.split(".")[0] == "visual" else "text"]
        if not tower:
            tower |= _blocks(name, module)
    return towers


def _blocks(name: str, module: nn.Module) -> dict[str, nn.Module]:
    if isinstance(module, ModifiedResNet):
        return {f"{name}.{stage}": getattr(module, stage) for stage in RESNET_STAGES}
    is_stack = isinstance(module, nn.ModuleList | nn.Sequential) and name.rpartition(".")[2] in STACKS
    if not is_stack or len(module) < 2:  # type: ignore[arg-type]
        return {}
    return {f"{name}.{child}": block for child, block in module.named_children()}
