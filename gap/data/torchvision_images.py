"""CIFAR-10, CIFAR-100 and EuroSAT from a local directory, in the layout of ``torchvision.datasets``; never downloaded.

CIFAR is published as pickles, which can run code: torchvision opens those files alone whose MD5 is the published one.
The class names of all three are English, and so are their prompts. CIFAR comes with a test part. EuroSAT has none:
every fifth image of a class, in an order drawn once with seed 0, is a test image.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int64, UInt8
from torchvision import datasets

from gap.data.labelled import LabelledImages, Pixels
from gap.data.pixels import fit, on_white, open_image
from gap.errors import UserError

# name -> where in the directory it is looked for, and what to put there
PLACES = {
    "cifar10": ("cifar-10-batches-py", "unpack https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz there"),
    "cifar100": ("cifar-100-python", "unpack https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz there"),
    "eurosat": ("eurosat/2750", "unpack EuroSAT.zip (RGB) of https://zenodo.org/records/7711810 into eurosat/"),
}
TEST_EVERY = 5


def _open(name: str, directory: Path | None, load: Callable[[str], Any]) -> Any:
    place, remedy = PLACES[name]
    if directory is None:
        raise UserError(f"{name}: no data; give --data-dir DIR, where DIR holds {place} ({remedy})")
    try:
        return load(str(directory))
    except (RuntimeError, OSError) as error:
        raise UserError(f"{name}: not found, or damaged, in {directory / place}; {remedy}") from error


def _pixels(images: Any, size: int, rows: Int64[np.ndarray, " part"] | None = None) -> Pixels:
    """Read rows of a torchvision dataset (of its part ``rows``) at ``size`` pixels, as the models' images are."""

    def read(wanted: Int64[np.ndarray, " n"]) -> UInt8[np.ndarray, "n s s 3"]:
        chosen = wanted if rows is None else rows[wanted]
        return np.stack([np.asarray(fit(on_white(images[int(row)][0]), size)) for row in chosen])

    return read


def _words(names: Sequence[str]) -> list[str]:
    """Write class names as words.

    >>> _words(["AnnualCrop", "aquarium_fish", "cat"])
    ['annual crop', 'aquarium fish', 'cat']
    """
    return [re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower() for name in names]


def _cifar(name: str, kind: Any, directory: Path | None, size: int) -> LabelledImages:
    train, test = (_open(name, directory, partial(kind, train=part, download=False)) for part in (True, False))
    return LabelledImages(
        name=name,
        language="en",
        classes=_words(train.classes),
        rule="classes and split as published",
        train_labels=np.array(train.targets, dtype=np.int64),
        test_labels=np.array(test.targets, dtype=np.int64),
        train_pixels=_pixels(train, size),
        test_pixels=_pixels(test, size),
    )


def read_cifar10(directory: Path | None, size: int) -> LabelledImages:
    """Open CIFAR-10. Raises UserError when it is not there."""
    return _cifar("cifar10", datasets.CIFAR10, directory, size)


def read_cifar100(directory: Path | None, size: int) -> LabelledImages:
    """Open CIFAR-100 with its 100 fine classes. Raises UserError when it is not there."""
    return _cifar("cifar100", datasets.CIFAR100, directory, size)


def read_eurosat(directory: Path | None, size: int) -> LabelledImages:
    """Open EuroSAT's RGB images with this project's split. Raises UserError when it is not there."""
    images = _open("eurosat", directory, partial(datasets.EuroSAT, download=False, loader=open_image))
    labels = np.array(images.targets, dtype=np.int64)
    generator = np.random.default_rng(0)
    shuffled = [generator.permutation(np.flatnonzero(labels == label)) for label in range(len(images.classes))]
    test = np.sort(np.concatenate([rows[::TEST_EVERY] for rows in shuffled]))
    train = np.setdiff1d(np.arange(len(labels)), test)
    return LabelledImages(
        name="eurosat",
        language="en",
        classes=_words(images.classes),
        rule=f"classes as published; every {TEST_EVERY}th image of a class, in a fixed random order, is a test image",
        train_labels=labels[train],
        test_labels=labels[test],
        train_pixels=_pixels(images, size, train),
        test_pixels=_pixels(images, size, test),
    )
