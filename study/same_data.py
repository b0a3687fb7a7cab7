"""The data of a study that goes on: as they were left, or prepared once more from the same source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gap.data import PairDataset, open_dataset, prepare
from gap.data.integrity import changed_file
from gap.errors import UserError
from study.open_trial import load_base, study_dataset


def same_dataset(directory: Path, about: Mapping[str, Any]) -> PairDataset:
    """Open what the trials of a study read, checked against its digests; prepare it again if it is gone or damaged.

    Raises ``UserError`` if the source is gone as well, or holds other data now.
    """
    path = Path(about["data"]["path"])
    if not path.is_dir():
        why = f"its dataset {path} has left the cache"
    elif changed := changed_file(path):
        why = f"its dataset has changed, {path / changed} is not what was written there"
    else:
        return study_dataset(directory)
    try:
        prepared = _prepare_again(about, cache=path.parents[1])
    except UserError as error:
        raise UserError(f"{directory}: {why}, and cannot be prepared again: {error}") from error
    if prepared != path:
        raise UserError(f"{directory}: {why}, and its source holds other data now (hash {_hash(prepared)[:12]}…)")
    return study_dataset(directory)


def _prepare_again(about: Mapping[str, Any], *, cache: Path) -> Path:
    spec, source = about["spec"], about["data"].get("source")
    return prepare(
        spec["dataset"],
        language=spec["language"],
        image_size=load_base(spec).image_size,
        data_dir=Path(source) if source else None,
        cache_dir=cache,
        prompt=spec.get("prompt"),
    )


def _hash(prepared: Path) -> str:
    return open_dataset(prepared).data_hash
