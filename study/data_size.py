"""How much data a study trains and tests on, also where the data is not at hand."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gap.data import DATASETS, PairDataset, is_at_hand, open_dataset, prepare
from gap.data.checking.parts import check_parts
from gap.errors import UserError
from study.space import StudySpec


@dataclass(frozen=True)
class DataSize:
    """Training images, test images and their captions; ``path`` is the prepared dataset, None where it is assumed."""

    train: int
    test: int
    test_captions: int
    path: Path | None
    shown: str


def data_size(spec: StudySpec, *, image_size: int, data_dir: Path | None) -> DataSize:
    """Prepare and count the study's data where it is at hand; take its published size elsewhere.

    Raises ``UserError`` if the data is at hand and faulty or too small for a study, or has no such language.
    """
    if is_at_hand(spec.dataset, data_dir=data_dir):
        path = prepare(
            spec.dataset, language=spec.language, image_size=image_size, data_dir=data_dir, prompt=spec.prompt
        )
        dataset = open_dataset(path)
        check_parts(dataset, pool_size=spec.pool_size)
        return counted(dataset, path)
    return assumed(spec)


def counted(dataset: PairDataset, path: Path) -> DataSize:
    """Count a prepared dataset."""
    captions = sum(len(dataset.captions[row]) for row in np.asarray(dataset.test))
    shown = f"{dataset.name} ({dataset.language}): {len(dataset.train):,} train, {len(dataset.test):,} test images"
    return DataSize(len(dataset.train), len(dataset.test), captions, path, shown)


def assumed(spec: StudySpec) -> DataSize:
    """Take the size that a dataset is known to have. Raises ``UserError`` where none is known."""
    source = DATASETS[spec.dataset]
    if (size := source.size) is None:
        raise UserError(f"{spec.dataset}: no data, and no size to plan with; expected --data-dir DIR: {source.layout}")
    shown = (
        f"{spec.dataset} ({spec.language}) is not at hand: assumed {size.train:,} train, {size.test:,} test images "
        f"({size.edition})"
    )
    return DataSize(size.train, size.test, size.test * size.captions, None, shown)
