"""Remarks on a study's data before its first trial: on the terminal, in ``study.json``, in the report."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gap.data import PairDataset
from gap.data.captions import CAPTION_RULE
from gap.data.checking.parts import check_parts
from gap.data.checking.reading import read_captions
from gap.metrics import VERSION
from gap.models.clip import Clip
from gap.models.languages import in_language
from study.about import metrics_version
from study.distinct_batches import left_out_notes
from study.space import StudySpec, against_direction


@dataclass(frozen=True)
class DataNotes:
    """Sentences for a person, and the numbers behind them for ``study.json``."""

    remarks: list[str]
    numbers: dict[str, Any]


def data_notes(spec: StudySpec, clip: Clip, dataset: PairDataset) -> DataNotes:
    """Look at a study's data as its model and its metrics see them.

    Raises ``UserError`` where nothing can be studied on them, or the model does not know the captions' language.
    """
    parts = check_parts(dataset, pool_size=spec.pool_size)
    reading = read_captions(clip.name, in_language(clip, dataset.language).tokenize, dataset)
    said = [*dataset.remarks, parts.remark(), _short_epoch(spec, len(dataset.train)), *left_out_notes(spec, dataset)]
    of_data = [*(f"{dataset.name}: {remark}" for remark in said if remark), *reading.remarks()]
    remarks = [*of_data, *against_direction(spec.objective_epoch)]
    numbers = {"caption_rule": CAPTION_RULE, "remarks": remarks, "reading": asdict(reading), "chance": parts.chance}
    return DataNotes(remarks, numbers)


def remarks_of(about: Mapping[str, Any]) -> list[str]:
    """Return what ``study.json`` says of a study's data, of an older rule of equal captions and of older metrics."""
    data = about.get("data") or {}
    older = (
        "Captions were equal where the model read the same tokens, a rule of an earlier version: captions that it "
        "cannot tell apart count as right answers in these figures."
    )
    measured = metrics_version(about)
    other = (
        f"Measured by version {measured} of the metrics, described here by version {VERSION}: results/README.md says "
        "what changed."
    )
    return [
        *data.get("remarks", ()),
        *([older] if "caption_rule" not in data else []),
        *([other] if measured != VERSION else []),
    ]


def _short_epoch(spec: StudySpec, train: int) -> str | None:
    """Say that there are fewer training images than a batch has pairs, if that is so in some trial."""
    searched = spec.search.get("batch_size")
    largest = max(int(size) for size in searched.extremes()) if searched is not None else spec.batch_size
    if train >= largest:
        return None
    return f"{train:,} training images do not fill a batch of {largest:,}: an epoch is one step of all of them"
