"""Errors that are meant for the person at the terminal: one line, with the remedy."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Something the user gave is wrong. The message is one line: what was expected, what was got, where.

    The command line prints the message alone and exits with code 2; as a library, it is a plain ``ValueError``.
    Messages quote files and arguments: what would break the line or command the terminal becomes a space.
    """

    def __init__(self, message: object = "") -> None:
        super().__init__(visible(str(message)))


def visible(text: str) -> str:
    """Replace what is no visible sign, such as a line's end or a terminal's control codes, by spaces.

    >>> visible("red\\x1b[31m\\nhat")
    'red [31m hat'
    """
    return text if text.isprintable() else "".join(sign if sign.isprintable() else " " for sign in text)


class UnavailableError(UserError):
    """What every run needs is missing, damaged or cannot be written to: its data, its cache, its disk.

    A run that meets it says nothing about its own settings: another one would fare no better.
    """


def unknown(kind: str, got: str, allowed: Iterable[str]) -> UserError:
    """Build the error for a name that is not among the allowed ones, with the nearest allowed name first.

    >>> str(unknown("loss term", "varience", ["ce", "variance"]))
    "unknown loss term 'varience': did you mean 'variance'? Allowed: ce, variance"
    """
    names = sorted(allowed)
    near = difflib.get_close_matches(got, names, n=1)
    hint = f" did you mean '{near[0]}'?" if near else ""
    return UserError(f"unknown {kind} '{got}':{hint} Allowed: {', '.join(names)}")
