import numpy as np
import pytest
import torch

from gap.training.batches import epoch_batches, to_pixels


def batches(n: int, size: int, seed: int = 0, epoch: int = 1) -> list[list[int]]:
    return [batch.tolist() for batch in epoch_batches(np.arange(n) + 100, batch_size=size, seed=seed, epoch=epoch)]


@pytest.mark.parametrize(("n", "size", "count"), [(10, 5, 2), (11, 5, 2), (14, 5, 2), (3, 5, 1), (5, 5, 1), (2, 2, 1)])
def test_every_row_at_most_once_and_no_ragged_batch(n: int, size: int, count: int) -> None:
    got = batches(n, size)
    flat = [row for batch in got for row in batch]
    assert len(got) == count
    assert len(set(flat)) == len(flat)
    assert set(flat) <= set(range(100, 100 + n))
    assert {len(batch) for batch in got} == {min(n, size)}


def test_seed_and_epoch_decide_the_order() -> None:
    assert batches(20, 5) == batches(20, 5)
    assert batches(20, 5) != batches(20, 5, epoch=2)
    assert batches(20, 5) != batches(20, 5, seed=1)


@pytest.mark.parametrize("n", [0, 1])
def test_too_few_pairs_are_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"needs at least 2 pairs, got {n}"):
        batches(n, 5)


def test_pixels_equal_the_torchvision_transform() -> None:
    from torchvision.transforms.v2.functional import normalize

    mean, std = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)
    images = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 3), dtype=np.uint8)
    pixels = to_pixels(torch.from_numpy(images), mean=mean, std=std, device=torch.device("cpu"))
    expected = normalize(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255, list(mean), list(std))
    torch.testing.assert_close(pixels, expected)
    assert pixels.is_contiguous(memory_format=torch.channels_last)
