"""Towers that start from the hidden states behind their frozen blocks instead of from pixels and tokens."""

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.models.precision import autocast
from gap.models.prefix import Prefix
from gap.training.encoders import Chunk, Encoder
from gap.training.tokens import padding_id, trim_padding


def prefix_image_encoder(
    prefix: Prefix, states: Float[Tensor, "m ..."], *, device: torch.device, precision: str
) -> Encoder:
    """Take the image tower behind ``prefix``, over the rows of ``states``; a chunk is (states [b ...],).

    ``states`` are those of ``image_states`` for the same device and precision.
    """

    def gather(rows: Int[np.ndarray, " b"]) -> Chunk:
        return (states[torch.from_numpy(rows)],)

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        (hidden,) = (part.to(device, non_blocking=True) for part in chunk)
        with autocast(device, precision):
            features = prefix.proceed(hidden)
        return F.normalize(features.float(), dim=-1)

    return Encoder(gather, encode)


def prefix_text_encoder(
    prefix: Prefix,
    states: Float[Tensor, "n ..."],
    tokens: Int[Tensor, "n length"],
    *,
    device: torch.device,
    precision: str,
) -> Encoder:
    """Take the text tower behind ``prefix``, over the rows of ``tokens``; a chunk is (tokens, states).

    ``states`` are those of ``text_states`` for the same tokens, device and precision. Where the tower masks padding,
    both are trimmed to the longest text of the chunk: a state is [length, width] there.
    """
    pad = padding_id(prefix.clip.model)

    def gather(rows: Int[np.ndarray, " b"]) -> Chunk:
        index = torch.from_numpy(rows)
        short = trim_padding(tokens[index], pad)
        return short, (states if pad is None else states[:, : short.shape[1]])[index]

    def encode(chunk: Chunk) -> Float[Tensor, "b d"]:
        short, hidden = (part.to(device, non_blocking=True) for part in chunk)
        with autocast(device, precision):
            features = prefix.proceed(hidden, short)
        return F.normalize(features.float(), dim=-1)

    return Encoder(gather, encode)
