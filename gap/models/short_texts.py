"""Texts as long as they are: a causal tower need not run over the padding behind a text's end.

open_clip's CLIP pads every text to 77 tokens, of which a caption fills ten or so. Its features are read at the end
token, and a causal mask keeps whatever follows from having a part in them: cut behind the last end token of a batch,
features and gradients are the same.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float, Int
from open_clip.model import CLIP
from torch import Tensor

PADDING = 0  # of open_clip's tokenizer; a text's end token has the highest number of all
_READ_AT_THE_END = {"argmax", "eos"}


class ShortTextClip(CLIP):  # type: ignore[misc]
    """open_clip's CLIP, which takes token rows of any length up to its context."""

    def encode_text(self, text: Int[Tensor, "n length"], normalize: bool = False) -> Float[Tensor, "n d"]:
        """Embed texts; each has to have its end token."""
        with _cut_to(self, text.shape[1]):
            features: Tensor = super().encode_text(text, normalize=normalize)
        return features


def take_short_texts(model: torch.nn.Module) -> bool:
    """Let a model take shorter texts, in place, if its text tower is one that can; returns whether it is.

    >>> from gap.models.load import load_clip
    >>> clip = load_clip("tiny")
    >>> tokens = clip.tokenize(["a bee"])
    >>> full, cut = clip.model.encode_text(tokens), clip.model.encode_text(tokens[:, :4])
    >>> torch.allclose(full, cut, atol=1e-5)
    True
    """
    if type(model) is not CLIP or model.text_pool_type not in _READ_AT_THE_END or not _is_causal(model.attn_mask):
        return False
    model.__class__ = ShortTextClip
    return True


def _is_causal(mask: Any) -> bool:
    return mask is not None and torch.equal(mask, torch.full_like(mask, float("-inf")).triu(1))


@contextmanager
def _cut_to(model: CLIP, length: int) -> Iterator[None]:
    """Hide what has the size of the context behind what has this length; a module's own tensors lie elsewhere."""
    own = vars(model)
    own["positional_embedding"] = model.positional_embedding[:length]
    own["attn_mask"] = model.attn_mask[:length, :length]
    try:
        yield
    finally:
        del own["positional_embedding"], own["attn_mask"]
