"""One tower as training and evaluation use it: from stored rows to embeddings, in two halves.

``gather`` runs on the host, ahead of time and in another thread; ``encode`` runs on the device, with a graph where one
is wanted.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.models.clip import Clip
from gap.models.precision import autocast
from gap.training.batches import to_pixels
from gap.training.tokens import padding_id, trim_padding

Chunk: TypeAlias = tuple[Tensor, ...]
"""Host tensors of equal length, an example a row: the uint8 pixels of images, the tokens of texts."""


@dataclass(frozen=True)
class Encoder:
    """One tower over numbered rows.

    ``gather`` reads rows into host memory by whole-array operations; ``encode`` makes them into unit vectors in fp32 on
    the device.
    """

    gather: Callable[[Int[np.ndarray, " b"]], Chunk]
    encode: Callable[[Chunk], Float[Tensor, "b d"]]


def pixel_encoder(clip: Clip, images: UInt8[np.ndarray, "m h w 3"], *, device: torch.device, precision: str) -> Encoder:
    """Encode stored images with the whole image tower; they travel to the device as bytes and are normalised there."""

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        pixels = to_pixels(chunk[0], mean=clip.mean, std=clip.std, device=device)
        with autocast(device, precision):
            features = clip.model.encode_image(pixels)
        return F.normalize(features.float(), dim=-1)

    return Encoder(lambda rows: (torch.from_numpy(images[rows]),), encode)


def token_encoder(clip: Clip, tokens: Int[Tensor, "n length"], *, device: torch.device, precision: str) -> Encoder:
    """Encode tokenised texts with the whole text tower; padding that no text of a chunk needs is cut off."""
    pad = padding_id(clip.model)

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        with autocast(device, precision):
            features = clip.model.encode_text(chunk[0].to(device, non_blocking=True))
        return F.normalize(features.float(), dim=-1)

    return Encoder(lambda rows: (trim_padding(tokens[torch.from_numpy(rows)], pad),), encode)
