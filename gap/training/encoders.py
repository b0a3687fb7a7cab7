"""One tower over numbered rows: how inputs come from storage, and what the tower makes of them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.models.clip import Clip
from gap.models.precision import autocast
from gap.training.batches import to_pixels
from gap.training.tokens import padding_id, trim_padding

Chunk = tuple[Tensor, ...]  # tensors of equal length, one row an example


@dataclass(frozen=True)
class Encoder:
    """``gather`` reads some rows on the host, ``encode`` makes unit vectors [b, d] in fp32 of them on the device."""

    gather: Callable[[Int[np.ndarray, " b"]], Chunk]
    encode: Callable[[Chunk], Float[Tensor, "b d"]]


def pixel_encoder(clip: Clip, images: UInt8[np.ndarray, "m h w 3"], *, device: torch.device, precision: str) -> Encoder:
    """Take the whole image tower; a chunk is (images [b h w 3],)."""

    def gather(rows: Int[np.ndarray, " b"]) -> Chunk:
        return (torch.from_numpy(images[rows]),)

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        pixels = to_pixels(chunk[0].cpu().numpy(), mean=clip.mean, std=clip.std, device=device)
        with autocast(device, precision):
            features = clip.model.encode_image(pixels)
        return F.normalize(features.float(), dim=-1)

    return Encoder(gather, encode)


def token_encoder(clip: Clip, tokens: Int[Tensor, "n length"], *, device: torch.device, precision: str) -> Encoder:
    """Take the whole text tower; a chunk is (tokens [b length],), trimmed to the longest of them."""
    pad = padding_id(clip.model)

    def gather(rows: Int[np.ndarray, " b"]) -> Chunk:
        return (trim_padding(tokens[torch.from_numpy(rows)], pad),)

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        with autocast(device, precision):
            features = clip.model.encode_text(chunk[0].to(device))
        return F.normalize(features.float(), dim=-1)

    return Encoder(gather, encode)
