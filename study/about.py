"""``study.json`` as it is read afterwards: whoever wrote it, what is there has the types that readers count on."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from study.front import Direction

LARGEST = 2**24  # bytes


class _Spec(TypedDict, total=False):
    model: str
    pretrained: str | None
    precision: str
    pool_size: int
    objectives: dict[str, Direction]
    search: dict[str, Any] | None
    dataset: str
    language: str
    terms: str
    seed: int
    epochs: int
    trials: int


class _Data(TypedDict, total=False):
    path: str
    name: str
    language: str
    licence: str
    remarks: list[str]
    caption_rule: int
    reading: dict[str, int | str]
    chance: dict[str, float]
    data_hash: str
    split_hash: str
    train: int
    test: int


class _Run(TypedDict, total=False):
    command: list[str]
    started: str


class _Hardware(TypedDict, total=False):
    device: str


class _About(TypedDict, total=False):
    __pydantic_config__ = ConfigDict(strict=True)  # type: ignore[misc]

    spec: _Spec
    data: _Data
    weights: dict[str, Any]
    runs: list[_Run]
    hardware: _Hardware
    versions: dict[str, str | None]
    profile: str
    space: str | None
    git_commit: str | None
    started: str
    ended: str
    reason: str
    run_id: str
    optuna_study: str
    storage: str | None
    storage_path: str | None


FIRST_METRICS = "1"  # the version of the metrics before a study recorded it
_ADAPTER = TypeAdapter(_About)


def read_study_json(directory: Path) -> dict[str, Any]:
    """Read a study's ``study.json``; parts may be missing.

    Raises OSError if there is none, ValueError if it is too large, no JSON object, or a part has another type.
    """
    with (directory / "study.json").open("rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise ValueError(f"expected at most {LARGEST} bytes")
    try:
        about: dict[str, Any] = json.loads(data)
        _ADAPTER.validate_python(about)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "it"
        raise ValueError(f"{where}: {first['msg'][0].lower()}{first['msg'][1:]}") from None
    return about


def metrics_version(about: Mapping[str, Any]) -> str:
    """Return the version of the metrics that a study was measured by (``gap.metrics.VERSION`` at that time).

    >>> metrics_version({"versions": {"metrics": "2"}}), metrics_version({})
    ('2', '1')
    """
    return str((about.get("versions") or {}).get("metrics") or FIRST_METRICS)
