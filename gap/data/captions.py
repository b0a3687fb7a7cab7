"""Captions as they come from files that anybody may have written."""

from typing import Any

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
