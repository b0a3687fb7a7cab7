"""How long a server asks to be left alone."""

import math
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime


def seconds_asked(value: str | None, *, now: datetime, longest: float) -> float:
    """Read a ``Retry-After`` header, seconds or an HTTP date, as seconds from ``now``: 0 to ``longest``.

    What cannot be read, or lies in the past, is 0.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
    >>> asked = ("7", "Thu, 01 Jan 2026 12:00:30 GMT", "86400", "-3", "soon", None)
    >>> [seconds_asked(value, now=noon, longest=120.0) for value in asked]
    [7.0, 30.0, 120.0, 0.0, 0.0, 0.0]
    """
    seconds = _seconds(value or "", now)
    return min(max(seconds, 0.0), longest) if not math.isnan(seconds) else 0.0


def _seconds(value: str, now: datetime) -> float:
    try:
        return float(value)
    except ValueError:
        pass
    try:
        when = parsedate_to_datetime(value)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return ((when if when.tzinfo else when.replace(tzinfo=timezone.utc)) - now).total_seconds()
