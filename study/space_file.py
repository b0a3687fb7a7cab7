"""A space file, read into a ``StudySpec``.

Every error is one line: the file, the line in it, what was expected and what was got.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from gap.errors import UserError, unknown
from gap.models.weight_settings import NAMES as WEIGHT_SETTINGS
from study.space import StudySpec
from study.yaml_file import read_yaml

SPACES = Path(__file__).resolve().parents[1] / "search_spaces"


def find_space(name: str | Path, spaces: Path = SPACES) -> Path:
    """Find a space file: a path as given, else a name in ``search_spaces/``, with or without ``.yaml``."""
    given = Path(name)
    for candidate in (given, spaces / given, spaces / f"{given}.yaml"):
        try:
            if candidate.is_file():
                return candidate
        except OSError as error:  # a name that is too long, a folder that may not be looked into
            raise UserError(f"--space {name}: cannot look for it: {error.strerror or error}") from error
    wanted = given.name if given.suffix == ".yaml" else f"{given.name}.yaml"
    raise unknown("search space", wanted, (path.name for path in spaces.glob("*.yaml")))


def load_space(path: Path, overrides: Mapping[str, Any] | None = None, *, rehearsal: bool = False) -> StudySpec:
    """Read a space file; the rehearsal's changes come over it, and ``overrides`` (from ``--set``) over both.

    A searched dimension that is given a value becomes fixed. What is said of a model's weights beside which they are
    goes when another model takes its place.
    """
    raw = _read_mapping(path)
    merged: dict[str, Any] = {}
    changes: dict[str, Any] = {}
    for layer in (raw, dict(raw.get("rehearsal") or {}) if rehearsal else {}, dict(overrides or {})):
        for settings in (merged, changes) if "model" in layer else ():
            for name in WEIGHT_SETTINGS:
                settings.pop(name, None)
        merged.update(layer)
        if layer is not raw:
            changes.update(layer)
    if isinstance(raw.get("search"), dict) and "search" not in changes:
        merged["search"] = {key: value for key, value in raw["search"].items() if key not in changes}
    if isinstance(raw.get("enqueue"), list) and "enqueue" not in changes:
        merged["enqueue"] = _without(raw["enqueue"], set(changes))
    try:
        return StudySpec.model_validate(merged)
    except ValidationError as error:
        raise UserError(_one_line(error, path, set(overrides or {}))) from error


def _without(points: list[Any], names: set[str]) -> list[Any]:
    """Take the dimensions that have become fixed out of the enqueued trials; equal trials are run once."""
    left: list[Any] = []
    for point in points:
        rest = {key: value for key, value in point.items() if key not in names} if isinstance(point, dict) else point
        if rest and rest not in left:
            left.append(rest)
    return left


def _read_mapping(path: Path) -> dict[str, Any]:
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: expected a mapping of settings, got {type(content).__name__}")
    for section, kind in (("search", dict), ("rehearsal", dict), ("enqueue", list)):
        if not isinstance(content.get(section) or kind(), kind):
            raise UserError(f"{path}:{_line_of(path, section)}: {section}: expected a {kind.__name__}")
    return content


def _one_line(error: ValidationError, path: Path, overridden: set[str]) -> str:
    """Say the first fault that pydantic found in the words of the file, or of the command line."""
    first = error.errors()[0]
    location = [str(part) for part in first["loc"] if part not in ("Range", "Choices")]
    where = f"{path}:{_line_of(path, *location)}" if location else str(path)
    if location and location[0] in overridden:
        where = "command line"
    if first["type"] == "extra_forbidden" and len(location) == 1:
        return f"{where}: {unknown('setting', location[0], StudySpec.model_fields)}"
    name = f"{'.'.join(location)}: " if location else ""
    message = first["msg"].removeprefix("Value error, ")
    got = f", got {first['input']!r}" if location and not isinstance(first["input"], dict) else ""
    return f"{where}: {name}{message[0].lower() + message[1:]}{got}"


def _line_of(path: Path, *keys: str) -> int:
    """Find the line of the innermost key of ``keys`` that the file holds, 1 if it holds none."""
    node = yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    line = 1
    for key in keys:
        if not isinstance(node, yaml.MappingNode):
            break
        for key_node, value_node in node.value:
            if key_node.value == key:
                line, node = key_node.start_mark.line + 1, value_node
                break
        else:
            break
    return line
