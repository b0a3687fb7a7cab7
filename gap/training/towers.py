"""Both towers of one model over one dataset: whole, or from behind the blocks that training leaves as they are."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from gap.data import PairDataset
from gap.models.clip import Clip
from gap.models.split import find_prefix
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.prefix_cache import image_states, text_states
from gap.training.prefix_encoders import prefix_image_encoder, prefix_text_encoder


@dataclass(frozen=True)
class Towers:
    """The image tower over the dataset's images, and the text tower over the rows of any tokens.

    ``skipped`` names the frozen blocks that are not run, since the towers start behind them.
    """

    images: Encoder
    texts: Callable[[Tensor], Encoder]
    skipped: tuple[str, ...] = ()


def make_towers(
    clip: Clip, dataset: PairDataset, *, device: torch.device, precision: str, cache_prefix: bool = False
) -> Towers:
    """Give the towers that training and evaluation run.

    With ``cache_prefix``, what a tower computes before its first trained block is computed once and kept in the cache.
    """
    images = pixel_encoder(clip, dataset.images, device=device, precision=precision)
    texts = _over_tokens(clip, device, precision)
    if not cache_prefix:
        return Towers(images, texts)
    prefixes = {}
    for tower in ("image", "text"):
        if (prefix := find_prefix(clip, tower, device=device, precision=precision)) is not None:
            prefixes[tower] = prefix
    if "image" in prefixes:
        states = image_states(prefixes["image"], dataset, device=device, precision=precision)
        images = prefix_image_encoder(prefixes["image"], states, device=device, precision=precision)
    if (behind := prefixes.get("text")) is not None:

        def texts(tokens: Tensor) -> Encoder:
            states = text_states(behind, tokens, device=device, precision=precision)
            return prefix_text_encoder(behind, states, tokens, device=device, precision=precision)

    skipped = [block for prefix in prefixes.values() for block in prefix.blocks]
    return Towers(images, texts, tuple(skipped))


def _over_tokens(clip: Clip, device: torch.device, precision: str) -> Callable[[Tensor], Encoder]:
    return lambda tokens: token_encoder(clip, tokens, device=device, precision=precision)
