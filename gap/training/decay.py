"""Groups of trained parameters for weight decay: told by what they are, not by how many axes they have."""

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

# By the end of their names: what every image or text begins with. open_clip's are vectors, timm's have three axes.
_TOKENS = ("class_embedding", "cls_token", "dist_token", "reg_token", "cls_emb")
_MAGNITUDE = ".lora_magnitude_vector."


def split_by_decay(model: nn.Module) -> tuple[list[str], list[str]]:
    """Return the names of the trained parameters of ``model`` that decay, and of those that do not.

    Weights of layers, embeddings' tables and adapters' factors decay. Magnitudes of DoRA, biases, norms' and layer
    scales' parameters, class tokens, the temperature and the logits' bias do not, whatever their shape: the magnitudes
    of a 1×1 convolution have four axes, the scale of a convolutional block has three, and a factor of rank 1 is a
    weight, vector as it looks. Position tables decay, as in open_clip's own training.

    >>> split_by_decay(nn.Sequential(nn.Linear(2, 1), nn.LayerNorm(1)))
    (['0.weight'], ['0.bias', '1.weight', '1.bias'])
    """
    scales = tuple(f"{name}." for name, module in model.named_modules() if name and _only_scales(module))
    decays: list[str] = []
    stays: list[str] = []
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            is_vector = parameter.ndim < 2 or name.startswith(scales) or _MAGNITUDE in name
            last = name.rpartition(".")[2]
            (stays if is_vector or last.endswith("bias") or last in _TOKENS else decays).append(name)
    return decays, stays


def split_by_axes(model: nn.Module) -> tuple[list[str], list[str]]:
    """Split as earlier versions did, by the number of axes: the order of an older state's optimiser."""
    trained = [(name, parameter.ndim > 1) for name, parameter in model.named_parameters() if parameter.requires_grad]
    return [name for name, decays in trained if decays], [name for name, decays in trained if not decays]


def _only_scales(module: nn.Module) -> bool:
    """Tell norms and layer scales, open_clip's, timm's and transformers' own kinds by their names."""
    kind = type(module).__name__
    is_norm = isinstance(module, nn.LayerNorm | nn.GroupNorm | _NormBase) or "Norm" in kind
    return (is_norm or "LayerScale" in kind) and not any(True for _ in module.children())
