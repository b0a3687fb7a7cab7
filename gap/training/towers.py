"""Both towers of one model over one dataset: whole, or from behind the blocks that training leaves as they are."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from gap.data import PairDataset
from gap.models.clip import Clip
from gap.models.prefix import Prefix
from gap.models.split import find_prefix
from gap.training.encoders import Encoder, pixel_encoder, token_encoder
from gap.training.prefix_cache import image_states, text_states
from gap.training.prefix_encoders import prefix_image_encoder, prefix_text_encoder
from gap.training.prefix_file import NoRoomError

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Towers:
    """The image tower over the dataset's images, and the text tower over the rows of any tokens.

    ``skipped`` names the frozen blocks that are not run, since the towers start behind them.
    """

    images: Encoder
    texts: Callable[[Tensor], Encoder]
    skipped: tuple[str, ...] = ()


def make_towers(
    clip: Clip,
    dataset: PairDataset,
    *,
    device: torch.device,
    precision: str,
    cache_prefix: bool = False,
    note: Callable[[str], None] = _logger.warning,
) -> Towers:
    """Give the towers that training and evaluation run.

    With ``cache_prefix``, what a tower computes before its first trained block is computed once and kept in the cache;
    ``note`` is told of a tower that runs whole because the disk has no room for that.
    """
    images = pixel_encoder(clip, dataset.images, device=device, precision=precision)
    towers = Towers(images, lambda tokens: token_encoder(clip, tokens, device=device, precision=precision))
    if not cache_prefix:
        return towers
    if image := find_prefix(clip, "image", device=device, precision=precision):
        try:
            states = image_states(image, dataset, device=device, precision=precision)
        except NoRoomError as error:
            note(f"{error}; the image tower runs whole")
        else:
            behind = prefix_image_encoder(image, states, device=device, precision=precision)
            towers = replace(towers, images=behind, skipped=image.blocks)
    if text := find_prefix(clip, "text", device=device, precision=precision):
        towers = replace(towers, texts=_texts_behind(text, towers.texts, device, precision, note))
        towers = replace(towers, skipped=(*towers.skipped, *text.blocks))
    return towers


def _texts_behind(
    prefix: Prefix,
    whole: Callable[[Tensor], Encoder],
    device: torch.device,
    precision: str,
    note: Callable[[str], None],
) -> Callable[[Tensor], Encoder]:
    def texts(tokens: Tensor) -> Encoder:
        try:
            states = text_states(prefix, tokens, device=device, precision=precision)
        except NoRoomError as error:
            note(f"{error}; the text tower runs whole")
            return whole(tokens)
        return prefix_text_encoder(prefix, states, tokens, device=device, precision=precision)

    return texts
