"""Which captions are equal: the same text, whatever its case."""

from collections.abc import Iterable

import numpy as np
from jaxtyping import Int64


def number_captions(captions: Iterable[str]) -> Int64[np.ndarray, " n"]:
    """Number captions by first appearance; equal captions have one number.

    >>> number_captions(["Sol", "luna", "sol"]).tolist()
    [0, 1, 0]
    """
    numbers: dict[str, int] = {}
    return np.array([numbers.setdefault(caption.casefold(), len(numbers)) for caption in captions], dtype=np.int64)
