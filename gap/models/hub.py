"""Downloads from the Hugging Face hub, and the error where one cannot be had."""

from collections.abc import Callable
from typing import Any

from gap.errors import UserError


def from_the_hub(get: Callable[[], Any], what: str, *, remedy: str = "run once with access to the hub") -> Any:
    """Return what ``get`` gets, or raise the ``UserError`` that says how to come by it."""
    try:
        return get()
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        if isinstance(error, UserError):
            raise
        cause = str(error).strip().splitlines()[0][:160] if str(error).strip() else type(error).__name__
        raise UserError(f"cannot get {what} ({cause}): {remedy}") from error
