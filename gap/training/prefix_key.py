"""What the hidden states behind a frozen prefix depend on, as one hash."""

import hashlib
import json
from collections.abc import Sequence

import torch
from torch import Tensor

from gap.models.blocks import tower_blocks
from gap.models.prefix import Prefix

# Any change to how states are computed or stored must raise this number.
FORMAT = 1


def prefix_key(prefix: Prefix, inputs: Sequence[object], *, device: torch.device, precision: str) -> str:
    """Hash all that decides the states, in hexadecimal digits.

    That is the bytes of every tensor that the frozen blocks or what is before them can read, the architecture, where
    the tower is cut, precision and kind of device, and ``inputs``, which name the data (of JSON's types). Methods that
    freeze the same blocks have the same key.
    """
    where = [prefix.tower, prefix.blocks, prefix.axes, prefix.shape, str(prefix.dtype)]
    described = [FORMAT, where, prefix.clip.architecture, device.type, precision, list(inputs)]
    sha = hashlib.sha256(json.dumps(described, sort_keys=True).encode())
    for name, tensor in sorted(frozen_tensors(prefix).items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sha.update(tensor_bytes(tensor))
    return sha.hexdigest()


def frozen_tensors(prefix: Prefix) -> dict[str, Tensor]:
    """Give the parameters and buffers of a tower that are neither trained nor inside the blocks behind the boundary.

    Names are those of the model before adapters. What lies behind the blocks is among them where it is frozen; the
    temperature, which a policy may move, is not.
    """
    model = prefix.clip.model
    behind = tuple(f"{name}." for name in list(tower_blocks(model)[prefix.tower])[len(prefix.blocks) :])
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    return {
        name.replace(".base_layer.", "."): tensor
        for name, tensor in tensors.items()
        if (name.split(".")[0] == "visual") == (prefix.tower == "image")
        and not tensor.requires_grad
        and not name.startswith(behind)
        and name not in ("logit_scale", "logit_bias")
    }


def tensor_bytes(tensor: Tensor) -> memoryview:
    """Give a tensor's values as they lie in memory when it is contiguous.

    >>> bytes(tensor_bytes(torch.tensor([1.0], dtype=torch.bfloat16)))
    b'\\x80?'
    """
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
