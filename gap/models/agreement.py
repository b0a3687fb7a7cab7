"""Whether a tokenizer and a text tower of transformers belong together."""

from collections.abc import Callable
from typing import Any

from open_clip.hf_model import HFTextEncoder
from open_clip.tokenizer import HFTokenizer
from torch import nn

from gap.errors import UserError


def check_padding(name: str, model: nn.Module, tokenize: Callable[..., Any]) -> None:
    """Make sure that a text tower leaves out what its tokenizer pads with: else it reads padding as words.

    Nothing is checked of a tower that reads its padding, as CLIP's and SigLIP's do. Raises ``UserError``.
    """
    tower = getattr(model, "text", None)
    if not isinstance(tower, HFTextEncoder) or not isinstance(tokenize, HFTokenizer):
        return
    pads, masks = tokenize.tokenizer.pad_token_id, tower.config.pad_token_id
    if pads is None or pads != masks:
        raise UserError(
            f"model {name}: its tokenizer pads with token {pads}, and its text tower leaves out token {masks}: "
            "expected the same, the configuration or the tokenizer is not the model's own"
        )
