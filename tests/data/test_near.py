import numpy as np
import pytest
from PIL import Image

from gap.data.checking.near import near_identical


def blobs(number: int, size: int = 64) -> np.ndarray:
    cells = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(cells).resize((size, size), Image.Resampling.BICUBIC))


def test_the_same_picture_in_another_size_or_a_little_brighter_is_found() -> None:
    images = [blobs(number) for number in range(30)]
    images.append(np.asarray(Image.fromarray(blobs(4, 90)).resize((64, 64), Image.Resampling.BILINEAR)))
    images.append(np.clip(blobs(9).astype(int) + 3, 0, 255).astype(np.uint8))
    assert near_identical(np.stack(images)) == [(4, 30), (9, 31)]


@pytest.mark.parametrize("change", ["another colour", "a mark", "shifted", "mirrored"])
def test_what_a_person_tells_apart_is_not(change: str) -> None:
    first = np.full((64, 64, 3), 255, np.uint8)
    first[20:44, 20:44] = (200, 30, 30)
    other = first.copy()
    if change == "another colour":
        other[20:44, 20:44] = (110, 110, 30)
    elif change == "a mark":
        other[5:13, 5:13] = 0
    elif change == "shifted":
        other = np.roll(first, 6, axis=1)
    else:
        first[20:30, 20:44] = 0
        other = first[::-1].copy()
    assert near_identical(np.stack([first, other])) == []


@pytest.mark.parametrize("size", [1, 4, 8, 30, 33])
def test_any_size_of_images(size: int) -> None:
    images = np.stack([np.full((size, size, 3), value, np.uint8) for value in (0, 0, 255)])
    assert near_identical(images) == [(0, 1)]


@pytest.mark.parametrize("count", [0, 1])
def test_too_few_to_compare(count: int) -> None:
    assert near_identical(np.zeros((count, 8, 8, 3), np.uint8)) == []


def test_many_equal_images_end_and_hang_together() -> None:
    pairs = near_identical(np.zeros((300, 8, 8, 3), np.uint8))
    assert pairs == [(0, row) for row in range(1, 300)]


def test_steps_are_told() -> None:
    steps: list[int] = []
    near_identical(np.zeros((600, 8, 8, 3), np.uint8), steps.append)
    assert sum(steps) == 600
