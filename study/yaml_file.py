"""YAML from outside: plain values alone, of bounded size and depth, without references that multiply."""

from pathlib import Path
from typing import Any

import yaml

from gap.errors import UserError

LARGEST = 2**18  # bytes; the reader takes seconds for them
DEEPEST = 20  # mappings and lists inside each other


def read_yaml(path: Path) -> Any:
    """Read a YAML file.

    Raises ``UserError`` with the line if it is no YAML, too large, too deep, or uses aliases (``*name``), of which a
    few lines can stand for gigabytes.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: expected UTF-8 text, got a byte that is not at position {error.start}") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read: {error.strerror or error}") from error
    if len(data) > LARGEST:
        raise UserError(f"{path}: expected at most {LARGEST} bytes of YAML")
    return parse_yaml(text, str(path))


def parse_yaml(text: str, where: str) -> Any:
    """Read YAML that stands in ``where``, which begins the errors: those of :func:`read_yaml`.

    >>> parse_yaml("{rank: [4, 8]}", "here")
    {'rank': [4, 8]}
    >>> parse_yaml("a: &x [1]\\nb: *x", "here")
    Traceback (most recent call last):
    gap.errors.UserError: here:2: not read: expected values, got the alias *x; write the value out
    """
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST:
        raise UserError(f"{where}: expected at most {LARGEST} bytes of YAML")
    try:
        _check_events(text, where)
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        at = f"{where}:{mark.line + 1}" if mark else where
        raise UserError(f"{at}: not valid YAML: {_flat(error.problem or error.context)}") from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise UserError(f"{where}:{line}: not valid YAML: a character that is not allowed") from error
    # The constructors of dates, numbers and explicit tags raise what Python's own do.
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError, ArithmeticError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError(f"{where}: not valid YAML: {_flat(str(error)) or type(error).__name__}") from error


def _check_events(text: str, where: str) -> None:
    """Refuse aliases and depth before anything is built; the events come one by one."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        at = f"{where}:{event.start_mark.line + 1}" if event.start_mark else where
        if isinstance(event, yaml.AliasEvent):
            raise UserError(f"{at}: not read: expected values, got the alias *{event.anchor}; write the value out")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise UserError(f"{at}: not read: expected at most {DEEPEST} levels, got more")


def _flat(text: str | None) -> str:
    return " ".join((text or "").split())[:160]
