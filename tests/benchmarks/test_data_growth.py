from pathlib import Path

import pytest

from benchmarks import data_growth
from benchmarks.data_growth import Cost, run_epoch, write_dataset
from benchmarks.sections.growth import growth_rows
from gap.data import open_dataset


def test_an_epoch_of_a_written_dataset_is_measured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_growth, "TEST", 20)
    monkeypatch.setattr(data_growth, "BATCH", 8)
    data, warm = write_dataset(tmp_path / "data", 30), write_dataset(tmp_path / "warm", 16)
    dataset = open_dataset(data)
    assert (len(dataset.train), len(dataset.test), dataset.images.shape) == (30, 20, (50, 32, 32, 3))
    assert len({tuple(captions) for captions in dataset.captions}) == 50
    cost = run_epoch(data, warm)
    assert (cost.pairs, cost.steps) == (30, 3)
    assert min(cost.train_seconds, cost.other_seconds) > 0
    assert cost.resident_gb >= 0


def test_exponents_are_slopes_and_what_is_not_known_is_left_out() -> None:
    costs = [Cost(n, n // 10, 0.5 * n, 2.0, 0.1 * n**0.5, None) for n in (10, 1000, 10_000)]
    steps, rest, mapped = growth_rows(costs)
    assert [row.ratio for row in (steps, rest, mapped)] == pytest.approx([1.0, 0.0, 0.5])
    assert "one run" in steps.note
    assert "own" not in mapped.name
