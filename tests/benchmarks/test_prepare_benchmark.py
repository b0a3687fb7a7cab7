from pathlib import Path

import numpy as np

from benchmarks.prepare import IMAGE_SIZE, Cost, cost_rows, ours, plain_loop, write_pairs
from gap.data import open_dataset


def test_both_ways_give_the_same_images(tmp_path: Path) -> None:
    data = write_pairs(tmp_path / "data", 60)
    assert ours(data, tmp_path / "cache").again is not None
    assert plain_loop(data, tmp_path / "plain").seconds > 0
    (prepared,) = (path for path in (tmp_path / "cache" / "datasets").iterdir() if path.is_dir())
    dataset, plain = open_dataset(prepared), np.load(tmp_path / "plain" / "images.npy")
    assert dataset.images.shape == plain.shape == (60, IMAGE_SIZE, IMAGE_SIZE, 3)
    np.testing.assert_allclose(dataset.images, plain, atol=1)
    assert len({caption for captions in dataset.captions for caption in captions}) == 60


def test_rows_compare_ways_and_sizes() -> None:
    costs = {n: {"ours": Cost(n / 1_000, 0.1 + n / 1e6, 0.5), "plain": Cost(n / 500, 1.0)} for n in (100, 1_000)}
    rows = cost_rows(costs)
    assert [round(row.ratio, 4) for row in rows] == [0.5, 5.0, 0.1001, 0.5, 0.5, 0.101, round(0.101 / 0.1001, 4)]
    assert rows[0].note == "once; 1,000 and 500 pairs/s"
    assert rows[-1].note.endswith("1000 bytes a pair")
