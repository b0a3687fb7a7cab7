"""Captions that are longer than a model reads: a tokenizer cuts them without a word."""

from collections.abc import Iterable

import torch
from jaxtyping import Bool
from torch import Tensor

from gap.models.clip import Clip

_AROUND = 3  # tokens that a tokenizer puts round a text, at most


def count_cut(clip: Clip, texts: Iterable[str]) -> tuple[int, int]:
    """Say how many of some texts are longer than the model's context, and the context's length in tokens.

    A text is cut where neither a word more behind it nor a sign less at its end makes other tokens. Equal texts count
    as often as they occur.

    >>> from gap.models.load import load_clip
    >>> count_cut(load_clip("tiny"), ["a bee", "a bee " * 60])
    (1, 77)
    """
    context = clip.tokenize([""]).shape[1]
    # No tokenizer makes more tokens than bytes and words: most captions need not be tokenized to know that they fit.
    long = [text for text in texts if len(text.encode()) + len(text.split()) + _AROUND > context]
    if not long:
        return 0, context
    tokens = clip.tokenize(long)
    same_longer = _same(tokens, clip.tokenize([f"{text} a" for text in long]))
    same_shorter = _same(tokens, clip.tokenize([text[:-1] for text in long]))
    return int((same_longer & same_shorter).sum()), context


def _same(tokens: Tensor, others: Tensor) -> Bool[Tensor, " n"]:
    return torch.eq(tokens, others).all(dim=1)
