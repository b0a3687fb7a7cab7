"""Captions as they come from files that anybody may have written."""

from typing import Any


def clean_caption(text: Any) -> str | None:
    """Resolve white space and drop what is no character; None where no text is left, or it is none.

    >>> clean_caption(" a  bee\\n"), clean_caption("\\ud800 "), clean_caption(None)
    ('a bee', None, None)
    """
    if not isinstance(text, str):
        return None
    return " ".join(text.encode("utf-8", "ignore").decode("utf-8").replace("\0", " ").split()) or None
