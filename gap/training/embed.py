"""Embeddings of many images and texts, chunk by chunk, without a graph."""

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.models.clip import Clip
from gap.models.precision import autocast
from gap.training.batches import to_pixels
from gap.training.tokens import padding_id, trim_padding


@torch.inference_mode()
def embed_images(
    clip: Clip,
    images: UInt8[np.ndarray, "m h w 3"],
    rows: Int[np.ndarray, " n"],
    *,
    device: torch.device,
    precision: str,
    chunk: int = 128,
) -> Float[Tensor, "n d"]:
    """Embed ``images[rows]`` as unit vectors in fp32."""
    parts = []
    for start in range(0, len(rows), chunk):
        pixels = to_pixels(images[rows[start : start + chunk]], mean=clip.mean, std=clip.std, device=device)
        with autocast(device, precision):
            features = clip.model.encode_image(pixels)
        parts.append(F.normalize(features.float(), dim=-1))
    return torch.cat(parts)


@torch.inference_mode()
def embed_texts(
    clip: Clip, tokens: Int[Tensor, "n length"], *, device: torch.device, precision: str, chunk: int = 256
) -> Float[Tensor, "n d"]:
    """Embed tokenised texts as unit vectors in fp32.

    Texts are taken by ascending length, since a chunk costs as much as its longest text; the order of the result is
    that of ``tokens``.
    """
    pad = padding_id(clip.model)
    order = (tokens != pad).sum(dim=1).argsort(stable=True) if pad is not None else torch.arange(len(tokens))
    parts = []
    for part in order.split(chunk):
        with autocast(device, precision):
            features = clip.model.encode_text(trim_padding(tokens[part], pad).to(device))
        parts.append(F.normalize(features.float(), dim=-1))
    sorted_features = torch.cat(parts)
    return sorted_features[order.argsort().to(device)]
