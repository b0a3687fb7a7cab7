"""Captions as the text tower takes them."""

from jaxtyping import Int
from open_clip.hf_model import HFTextEncoder
from torch import Tensor, nn

from gap.models.short_texts import PADDING, ShortTextClip


def padding_id(model: nn.Module) -> int | None:
    """Give the padding token of a text tower that need not run over it, None for towers of fixed length."""
    if isinstance(model, ShortTextClip):
        return PADDING
    tower = getattr(model, "text", None)
    return int(tower.config.pad_token_id) if isinstance(tower, HFTextEncoder) else None


def trim_padding(tokens: Int[Tensor, "n length"], pad: int | None) -> Int[Tensor, "n shorter"]:
    """Cut off the columns that hold nothing but padding: the same embeddings in a fraction of the time.

    >>> import torch
    >>> trim_padding(torch.tensor([[5, 6, 0, 0], [7, 0, 0, 0]]), pad=0).tolist()
    [[5, 6], [7, 0]]
    """
    if pad is None or not len(tokens):
        return tokens
    used = (tokens != pad).any(dim=0).nonzero()
    return tokens[:, : int(used.max()) + 1 if len(used) else 1]
