"""CIFAR and EuroSAT of a few images, in the layouts that torchvision reads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cifar_like import write_cifar10
from PIL import Image

from gap.data.labelled import LabelledImages
from gap.data.torchvision_images import read_cifar10, read_cifar100, read_eurosat
from gap.errors import UserError

READERS = [read_cifar10, read_cifar100, read_eurosat]


@pytest.mark.parametrize("read", READERS)
def test_a_missing_dataset_says_where_and_what(read: Callable[..., LabelledImages], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"not found, or damaged, in {tmp_path}/.* https://"):
        read(tmp_path, 32)
    with pytest.raises(UserError, match=r"give --data-dir DIR, where DIR holds .* https://"):
        read(None, 32)


def test_a_damaged_cifar_is_one_line(tmp_path: Path) -> None:
    write_cifar10(tmp_path)  # its files are not the published ones, and torchvision checks their hashes
    with pytest.raises(UserError, match="cifar10: not found, or damaged"):
        read_cifar10(tmp_path, 32)


def test_cifar(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, labels = write_cifar10(tmp_path, monkeypatch)
    data = read_cifar10(tmp_path, 48)
    assert data.classes[:3] == ["airplane", "traffic light", "bird"]
    assert data.train_labels.tolist() == labels.tolist()
    pixels = data.train_pixels(np.array([3, 0]))
    assert (pixels.shape, pixels.dtype) == ((2, 48, 48, 3), np.uint8)
    np.testing.assert_array_equal(pixels[0, 24, 24], images[3, 16, 16])
    assert len(data.test_pixels(np.arange(len(data.test_labels)))) == 10


def test_eurosat_is_split_by_class(tmp_path: Path) -> None:
    for number, name in enumerate(("AnnualCrop", "SeaLake")):
        folder = tmp_path / "eurosat" / "2750" / name
        folder.mkdir(parents=True)
        for index in range(10):
            Image.new("RGB", (8, 8), (number * 100, index, 7)).save(folder / f"{name}_{index}.png")
    data = read_eurosat(tmp_path, 16)
    assert data.classes == ["annual crop", "sea lake"]
    assert data.train_labels.tolist() == [0] * 8 + [1] * 8
    assert data.test_labels.tolist() == [0] * 2 + [1] * 2
    colours = [
        tuple(pixel)
        for pixels in (data.train_pixels(np.arange(16)), data.test_pixels(np.arange(4)))
        for pixel in pixels[:, 0, 0].tolist()
    ]
    assert len(set(colours)) == 20  # no image is in both parts
    assert [colour[0] for colour in colours] == [100 * label for label in (*data.train_labels, *data.test_labels)]
