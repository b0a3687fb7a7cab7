"""A digest of a base model's weights, cheap enough to be taken whenever an adapter is saved."""

import hashlib
from collections.abc import Collection

import torch
from torch import Tensor, nn

from gap.models.attention import PACKED

SAMPLES = 64  # numbers that are read of a tensor


def base_digest(model: nn.Module, trained: Collection[str]) -> str:
    """Digest what an adapter leaves of its base: the SHA-256 of a sample of every tensor, adapters and ``trained`` out.

    Of each tensor in the state dict these count: name, shape, type, and ``SAMPLES`` of its numbers at even distances.
    So a model whose every tensor differs, as another training's does, has another digest; one that differs in a few
    numbers may have the same. An adapted model has its base's. ``trained`` are names in the model, or packed ones.

    >>> base, other = nn.Linear(8, 8), nn.Linear(8, 8)
    >>> base_digest(base, ()) == base_digest(base, ()), base_digest(base, ()) == base_digest(other, ())
    (True, False)
    """
    left_out = {own for name in trained for own in _own_names(name)}
    state = {
        name.replace(".base_layer.", "."): tensor for name, tensor in model.state_dict().items() if ".lora_" not in name
    }
    digest = hashlib.sha256()
    for name in sorted(state.keys() - left_out):
        tensor = state[name]
        digest.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
        digest.update(_sample(tensor).contiguous().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _sample(tensor: Tensor) -> Tensor:
    flat = tensor.detach().flatten()
    return flat[:: max(len(flat) // SAMPLES, 1)].cpu()


def _own_names(name: str) -> list[str]:
    """Return the names in a model with split attention of what may have a packed name."""
    module, _, last = name.rpartition(".")
    return [f"{module}.{part}" for part in PACKED[last]] if last in PACKED else [name]
