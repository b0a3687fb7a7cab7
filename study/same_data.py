"""The data of a study that goes on: as they were left, or prepared once more from the same source."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gap.data import PairDataset, open_dataset, prepare
from gap.data.captions import CAPTION_RULE, caption_key
from gap.data.integrity import changed_file
from gap.errors import UserError
from gap.training.evaluation import make_split
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
        raise UserError(f"{directory}: {why}, and {_difference(about, open_dataset(prepared))}")
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


def _difference(about: Mapping[str, Any], found: PairDataset) -> str:
    """Say why what was prepared again is not what the study read."""
    if found.data_hash != about["data"]["data_hash"]:
        return f"its source holds other data now (hash {found.data_hash[:12]}…)"
    return "this version prepares and splits it otherwise; give it another --name"


def check_caption_rule(directory: Path, about: Mapping[str, Any], dataset: PairDataset) -> None:
    """Make sure that a study's new trials call the captions equal that its first ones did.

    Before there was a rule of the text, captions were equal in metrics where the model read the same tokens, and in
    splits whatever their case. Raises ``UserError`` where that makes a difference.
    """
    if (rule := about["data"].get("caption_rule", 0)) == CAPTION_RULE:
        return
    split = make_split(dataset, load_base(about["spec"]), dataset.test)
    pairs = np.unique(np.stack([split.text_of, split.caption_ids]), axis=1).shape[1]
    is_same = pairs == len(np.unique(split.text_of)) == len(np.unique(split.caption_ids))
    train, test = (
        {caption_key(text) for row in rows for text in dataset.captions[row]} for rows in (dataset.train, dataset.test)
    )
    if not is_same or (not dataset.published and train & test):
        raise UserError(
            f"--resume {directory}: it began under another rule of which captions are equal (number {rule}, now "
            f"{CAPTION_RULE}), by which its split or its recall differs: begin anew under another --name"
        )
