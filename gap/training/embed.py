"""Embeddings of many images and texts, chunk by chunk, without a graph."""

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from gap.models.clip import Clip
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.tokens import padding_id

IMAGES, TEXTS = 128, 256  # in a chunk


@torch.inference_mode()
def embed(encoder: Encoder, rows: Int[np.ndarray, " n"], *, chunk: int) -> Float[Tensor, "n d"]:
    """Embed rows as unit vectors in fp32."""
    parts = [encoder.encode(encoder.gather(rows[start : start + chunk])) for start in range(0, len(rows), chunk)]
    return torch.cat(parts)


def embed_images(
    clip: Clip,
    images: UInt8[np.ndarray, "m h w 3"],
    rows: Int[np.ndarray, " n"],
    *,
    device: torch.device,
    precision: str,
    chunk: int = IMAGES,
) -> Float[Tensor, "n d"]:
    """Embed ``images[rows]`` as unit vectors in fp32."""
    return embed(pixel_encoder(clip, images, device=device, precision=precision), rows, chunk=chunk)


def embed_texts(
    clip: Clip, tokens: Int[Tensor, "n length"], *, device: torch.device, precision: str, chunk: int = TEXTS
) -> Float[Tensor, "n d"]:
    """Embed tokenised texts as unit vectors in fp32."""
    encoder = token_encoder(clip, tokens, device=device, precision=precision)
    return embed_by_length(encoder, tokens, pad=padding_id(clip.model), chunk=chunk)


def embed_by_length(
    encoder: Encoder, tokens: Int[Tensor, "n length"], *, pad: int | None, chunk: int = TEXTS
) -> Float[Tensor, "n d"]:
    """Embed every row of ``tokens``, the short ones together, since a chunk costs as much as its longest text.

    The order of the result is that of ``tokens``.
    """
    order = (tokens != pad).sum(dim=1).argsort(stable=True) if pad is not None else torch.arange(len(tokens))
    features = embed(encoder, order.numpy(), chunk=chunk)
    return features[order.argsort().to(features.device)]
