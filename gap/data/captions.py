"""Captions as they come from files that anybody may have written, and the one rule that says which are equal."""

import unicodedata
from collections.abc import Iterable
from typing import Any

import numpy as np
from jaxtyping import Int64

# The number of the rule below. It is kept with every split and study: any change to ``caption_key`` must raise it.
CAPTION_RULE = 1

# Terminals obey them. A joiner, which is no control, stays: scripts need it.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), " ")


def clean_caption(text: Any) -> str | None:
    """Resolve white space and drop controls and what is no character; None where no text is left, or it is none.

    >>> clean_caption(" a  bee\\n"), clean_caption("\\ud800 "), clean_caption(None)
    ('a bee', None, None)
    """
    if not isinstance(text, str):
        return None
    return " ".join(text.encode("utf-8", "ignore").decode("utf-8").translate(_CONTROLS).split()) or None


def caption_key(text: str) -> str:
    """Return what equal captions have in common: case, white space and the composition of letters do not count.

    It is Unicode's canonical caseless matching (The Unicode Standard, definition D145), in NFC, with white space
    collapsed: ``NFC(casefold(NFD(text)))``. Splitting, ``check``, evaluation and search use this rule and no other;
    what a tokenizer makes of captions does not count. The key of a key is itself.

    >>> caption_key(" El  SOL"), caption_key("nin\u0303o") == caption_key("ni\u00f1o"), caption_key("Straße")
    ('el sol', True, 'strasse')
    """
    if text.isascii():  # the same, in a fifth of the time
        return " ".join(text.lower().split())
    folded = unicodedata.normalize("NFD", text).casefold()
    return " ".join(unicodedata.normalize("NFC", folded).split())


def caption_ids(texts: Iterable[str]) -> Int64[np.ndarray, " n"]:
    """Number captions by first appearance: equal ones, by ``caption_key``, have one number.

    >>> caption_ids(["Sol", "luna", "sol"]).tolist()
    [0, 1, 0]
    """
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(caption_key(text), len(numbers)) for text in texts], dtype=np.int64)
