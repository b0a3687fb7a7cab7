"""Captions that a tokenizer cuts, and captions that it makes the same tokens of."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import torch
from jaxtyping import Bool, Int
from torch import Tensor

from gap.models.clip import Tokenize

_AROUND = 3  # tokens that a tokenizer puts round a text, at most
_AT_ONCE = 10_000  # texts in memory


def count_cut(tokenize: Tokenize, texts: Iterable[str]) -> tuple[int, int]:
    """Say how many of some texts are longer than a tokenizer's context, and the context's length in tokens.

    A text is cut where neither a word more behind it nor a sign less at its end makes other tokens. Equal texts count
    as often as they occur.

    >>> from gap.models.load import load_clip
    >>> count_cut(load_clip("tiny").tokenize, ["a bee", "a bee " * 60])
    (1, 77)
    """
    context = tokenize([""]).shape[1]
    # No tokenizer makes more tokens than bytes and words: most captions need not be tokenized to know that they fit.
    long = (text for text in texts if len(text.encode()) + len(text.split()) + _AROUND > context)
    cut = 0
    while some := list(islice(long, _AT_ONCE)):
        tokens = tokenize(some)
        same_longer = _same(tokens, tokenize([f"{text} a" for text in some]))
        same_shorter = _same(tokens, tokenize([text[:-1] for text in some]))
        cut += int((same_longer & same_shorter).sum())
    return cut, context


def _same(tokens: Tensor, others: Tensor) -> Bool[Tensor, " n"]:
    return torch.eq(tokens, others).all(dim=1)


def token_digests(tokenize: Tokenize, texts: Iterable[str]) -> Iterator[bytes]:
    """Return 16 bytes for every text, equal where a model reads the same tokens; some texts are in memory at a time."""
    remaining = iter(texts)
    while some := list(islice(remaining, _AT_ONCE)):
        for row in tokenize(some).numpy():
            yield hashlib.blake2b(np.ascontiguousarray(row).tobytes(), digest_size=16).digest()


def same_tokens(tokenize: Tokenize, texts: Iterable[str], ids: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " captions"]:
    """Mark the captions that become the same tokens as another one: no model can tell these apart.

    Texts with equal ``ids``, from 0 on, are one caption, which may be spelt in several ways.

    >>> from gap.models.load import load_clip
    >>> texts = ["a bee " * 60 + "flies", "a bee " * 60 + "sits", "a bee"]
    >>> same_tokens(load_clip("tiny").tokenize, texts, np.arange(3)).tolist()
    [True, True, False]
    """
    marked = np.zeros(int(ids.max(initial=-1)) + 1, dtype=bool)
    first: dict[bytes, int] = {}
    for digest, caption in zip(token_digests(tokenize, texts), ids.tolist(), strict=True):
        if (other := first.setdefault(digest, caption)) != caption:
            marked[[other, caption]] = True
    return marked
