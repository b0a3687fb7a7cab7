"""What few-shot classification is measured on: the study's own pictograms with their categories, or known datasets."""

from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np

from gap.data import PairDataset
from gap.data.arasaac.categories import read_categories
from gap.data.labelled import LabelledImages, Pixels, single_labels
from gap.data.pictograms import pictograms
from gap.data.torchvision_images import read_cifar10, read_cifar100, read_eurosat
from gap.errors import UserError, unknown


def _of_study(
    name: str, dataset: PairDataset, tags: Mapping[str, Collection[str]], *, shots: int, what: str
) -> LabelledImages:
    if dataset.name != name:
        raise UserError(f"--dataset {name}: this study was trained on {dataset.name}, so it has no split of {name}")
    parts = dataset.train, dataset.test
    train_tags, test_tags = ([tags.get(dataset.ids[row], ()) for row in rows] for rows in parts)
    classes, train_labels, test_labels = single_labels(train_tags, test_tags, shots=shots)

    def pixels(rows: np.ndarray, labels: np.ndarray) -> Pixels:
        kept = rows[labels >= 0]
        return lambda wanted: np.asarray(dataset.images[kept[wanted]])

    return LabelledImages(
        name=name,
        language=dataset.language,
        classes=classes,
        rule=f"{what}, English names; pictograms with exactly one among those of at least {2 * shots} training images; "
        f"{(train_labels >= 0).sum()} of {len(dataset.train)} training images kept; split of the study",
        train_labels=train_labels[train_labels >= 0],
        test_labels=test_labels[test_labels >= 0],
        train_pixels=pixels(dataset.train, train_labels),
        test_pixels=pixels(dataset.test, test_labels),
    )


def _arasaac(dataset: PairDataset, directory: Path | None, shots: int) -> LabelledImages:
    tags = read_categories(dataset.language, directory) if dataset.name == "arasaac" else {}
    return _of_study("arasaac", dataset, tags, shots=shots, what="ARASAAC's categories")


def _pictograms(dataset: PairDataset, directory: Path | None, shots: int) -> LabelledImages:
    # Unicode writes "People & Body", the table "people-body".
    tags = {row.hexcode: [row.group.replace("-", " and ")] for row in pictograms()}
    return _of_study("pictograms", dataset, tags, shots=shots, what="Unicode's groups")


DATASETS: dict[str, Callable[[PairDataset, Path | None, int], LabelledImages]] = {
    "arasaac": _arasaac,
    "pictograms": _pictograms,
    "cifar10": lambda dataset, directory, shots: read_cifar10(directory, dataset.images.shape[1]),
    "cifar100": lambda dataset, directory, shots: read_cifar100(directory, dataset.images.shape[1]),
    "eurosat": lambda dataset, directory, shots: read_eurosat(directory, dataset.images.shape[1]),
}


def labelled_images(name: str, dataset: PairDataset, directory: Path | None, *, shots: int) -> LabelledImages:
    """Open the labelled images ``name`` for up to ``shots`` shots a class; ``dataset`` is the study's.

    Raises ``UserError`` on an unknown name, missing files, or too few images.
    """
    if name not in DATASETS:
        raise unknown("dataset with classes", name, DATASETS)
    return DATASETS[name](dataset, directory, shots)
