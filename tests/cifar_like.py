"""A CIFAR-10 of twenty training images and ten test images, a plain colour each class, in its published layout."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from torchvision import datasets

NAMES = ["airplane", "traffic_light", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def write_cifar10(directory: Path, monkeypatch: pytest.MonkeyPatch | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Write it and return the training part; with ``monkeypatch`` torchvision takes it for the published one."""
    place = directory / "cifar-10-batches-py"
    place.mkdir(parents=True)
    train = np.tile(np.arange(10), 2)
    images = np.stack([np.full((32, 32, 3), (25 * label, 200 - 20 * label, 60), dtype=np.uint8) for label in train])
    for name, rows in (("data_batch_1", slice(None)), ("test_batch", slice(10))):
        flat = images[rows].transpose(0, 3, 1, 2).reshape(len(images[rows]), -1)
        (place / name).write_bytes(pickle.dumps({"data": flat, "labels": train[rows].tolist()}))
    (place / "batches.meta").write_bytes(pickle.dumps({"label_names": NAMES}))
    if monkeypatch:
        monkeypatch.setattr(datasets.CIFAR10, "train_list", [["data_batch_1", None]])
        monkeypatch.setattr(datasets.CIFAR10, "test_list", [["test_batch", None]])
        monkeypatch.setattr(datasets.CIFAR10, "meta", {"filename": "batches.meta", "key": "label_names", "md5": None})
    return images, train
