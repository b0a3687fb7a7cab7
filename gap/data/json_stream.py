"""JSON of long columns, piece by piece: what ``json.dumps`` gives, without the whole of it in memory."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

_CHUNK = 8_192


def json_pieces(value: Any, *, compact: bool = False) -> Iterator[str]:
    """Give the pieces of a value's JSON; ``compact`` ones are ASCII without spaces, with their keys in order.

    Dictionaries and tuples may hold columns: lists, and NumPy and Arrow arrays.

    >>> "".join(json_pieces({"b": np.array([1, 2]), "a": ("ñ", None)}))
    '{"b": [1, 2], "a": ["ñ", null]}'
    >>> "".join(json_pieces({"b": np.array([1, 2]), "a": ("ñ", None)}, compact=True))
    '{"a":["\\\\u00f1",null],"b":[1,2]}'
    """
    comma, colon = (",", ":") if compact else (", ", ": ")
    if isinstance(value, dict):
        yield from "{"
        for number, key in enumerate(sorted(value) if compact else value):
            yield (comma if number else "") + json.dumps(key, ensure_ascii=compact) + colon
            yield from json_pieces(value[key], compact=compact)
        yield from "}"
    elif isinstance(value, tuple):
        yield from "["
        for number, item in enumerate(value):
            yield from comma if number else ""
            yield from json_pieces(item, compact=compact)
        yield from "]"
    else:
        chunks = _chunks(value) if isinstance(value, list | np.ndarray | pa.Array) else None
        yield from _column(chunks, compact) if chunks is not None else [_dumps(value, compact)]


def digest(value: Any) -> str:
    """Hash a JSON value: sha256 of its compact form, in hexadecimal digits."""
    found = hashlib.sha256()
    for piece in json_pieces(value, compact=True):
        found.update(piece.encode())
    return found.hexdigest()


def pairs_digest(head: Iterable[Any], pairs: Iterable[tuple[str, str]]) -> str:
    """Hash the JSON list of ``head`` and, as its last item, a list of pairs, which may be many."""
    found = hashlib.sha256("".join(f"{json.dumps(item)}, " for item in head).join(("[", "[")).encode())
    remaining, between = iter(pairs), b""
    while chunk := list(islice(remaining, _CHUNK)):
        found.update(between + json.dumps(chunk)[1:-1].encode())
        between = b", "
    found.update(b"]]")
    return found.hexdigest()


def _dumps(value: Any, compact: bool) -> str:
    return json.dumps(
        value, ensure_ascii=compact, sort_keys=compact, separators=(",", ":") if compact else (", ", ": ")
    )


def _chunks(column: Any) -> Iterator[list[Any]]:
    for start in range(0, len(column), _CHUNK):
        chunk = column[start : start + _CHUNK]
        yield chunk if isinstance(chunk, list) else chunk.tolist()


def _column(chunks: Iterable[list[Any]], compact: bool) -> Iterator[str]:
    yield "["
    for number, chunk in enumerate(chunks):
        yield (("," if compact else ", ") if number else "") + _dumps(chunk, compact)[1:-1]
    yield "]"
