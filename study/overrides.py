"""Settings given on the command line, as a space's YAML would hold them."""

import argparse
from collections.abc import Sequence
from typing import Any

from gap.errors import UserError
from gap.models.weight_settings import split_model
from study.yaml_file import parse_yaml


def overrides(arguments: argparse.Namespace) -> dict[str, Any]:
    """Collect ``--set`` and the options that name a setting; an option wins over ``--set``.

    >>> given = argparse.Namespace(changes=["lr=0.01"], trials=3, epochs=None, seed=None, hours=None, replicates=None)
    >>> given.model = "ViT-B-32:openai"
    >>> overrides(given)
    {'lr': 0.01, 'trials': 3, 'model': 'ViT-B-32', 'pretrained': 'openai'}
    """
    changes = parse_changes(arguments.changes)
    for name in ("trials", "epochs", "seed", "hours", "replicates"):
        if (value := getattr(arguments, name)) is not None:
            changes[name] = value
    if arguments.model is not None:
        changes |= dict(zip(("model", "pretrained"), split_model(arguments.model), strict=True))
    return changes


def parse_changes(changes: Sequence[str]) -> dict[str, Any]:
    """Read ``KEY=VALUE`` with YAML's values; ``1e-5``, which YAML 1.1 takes for a word, is a number.

    >>> parse_changes(["lr=1e-5", "terms=ce+variance", "gradient_checkpointing=true"])
    {'lr': 1e-05, 'terms': 'ce+variance', 'gradient_checkpointing': True}
    """
    parsed = {}
    for change in changes:
        key, equals, text = change.partition("=")
        if not equals or not key:
            raise UserError(f"--set {change}: expected KEY=VALUE, such as --set lr=1e-5")
        parsed[key.strip()] = _number(parse_yaml(text, f"--set {key}"))
    return parsed


def _number(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
