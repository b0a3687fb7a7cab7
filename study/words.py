"""Parameters, numbers and times in words, for lines and tables that people read."""

import re
from collections.abc import Mapping
from typing import Any


def in_words(parameters: Mapping[str, Any]) -> str:
    """Name the parameters that a trial has a use for.

    >>> in_words({"terms": "ce+variance", "alpha": None, "rank": 8})
    'terms ce+variance, rank 8'
    """
    return ", ".join(f"{name} {brief(value)}" for name, value in parameters.items() if value is not None)


def brief(value: Any) -> str:
    """Write a value in four significant digits.

    >>> brief(0.123456), brief("ce"), brief(None), brief(8)
    ('0.1235', 'ce', '', '8')
    """
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def duration(seconds: float) -> str:
    """Write a time in its two largest units.

    >>> duration(7.6), duration(200), duration(4000), duration(200000)
    ('8 s', '3 min', '1 h 07 min', '2 d 8 h')
    """
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    hours = round(minutes / 60)
    return f"{hours // 24} d {hours % 24} h"


def fold(text: str, width: int) -> list[str]:
    """Break a text into lines of at most ``width`` characters, after a space, ``+`` or ``_`` where there is one.

    >>> fold("terms ce+antipodal_intra+variance, rank 8", 20)
    ['terms ce+antipodal_', 'intra+variance, rank', '8']
    """
    width = max(width, 1)
    lines = [""]
    for word in re.findall(r"[^ +_]*[ +_]|[^ +_]+", text):
        pieces = [word[start : start + width] for start in range(0, len(word), width)]
        for piece in pieces:
            if len(lines[-1]) + len(piece.rstrip()) > width:
                lines.append("")
            lines[-1] += piece
    return [line.rstrip() for line in lines]
