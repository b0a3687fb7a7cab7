"""What a trial is called: in tables, in the adapters' folder, in checkpoints and at the rungs; what names may be."""

import re
from collections.abc import Iterable

SEARCHED, REPLICATED = "t", "r"
LONGEST = 150  # bytes; file systems take 255, and endings are added
_DEVICES = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}
_TRIAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def trial_id(number: int, prefix: str = SEARCHED) -> str:
    """Name a trial by its number in its Optuna study.

    >>> trial_id(7), trial_id(7, REPLICATED)
    ('t007', 'r007')
    """
    return f"{prefix}{number:03d}"


def check_trial_ids(names: Iterable[object]) -> None:
    """Raise ValueError unless every name can be a trial's: files are called after trials, so names are no paths.

    >>> check_trial_ids(["t007", "../../x"])
    Traceback (most recent call last):
    ValueError: expected names of trials, such as t007, got '../../x'
    """
    for name in names:
        if not (isinstance(name, str) and _TRIAL.fullmatch(name)):
            raise ValueError(f"expected names of trials, such as t007, got {str(name)[:80]!r}")


def is_plain_name(name: str) -> bool:
    """Tell whether a text can name a directory on any system, and no command takes it for an option.

    >>> [is_plain_name(name) for name in ("arasaac_es", "año 1", "a/b", "..", "CON", "-x", "a\\\\b", "x" * 200)]
    [True, True, False, False, False, False, False, False]
    """
    return bool(
        name
        and name.isprintable()
        and not set(name) & set('/\\:*?"<>|')
        and name[0] not in ".-~ "
        and name[-1] not in ". "
        and len(name.encode("utf-8", "replace")) <= LONGEST
        and name.split(".")[0].upper() not in _DEVICES
    )
