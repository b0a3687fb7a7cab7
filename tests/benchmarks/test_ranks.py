from pathlib import Path

import pytest
from small_data import write_small_data

from benchmarks import ranks
from gap.data import open_dataset


def test_every_scaling_is_measured_beside_the_smallest_rank(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "RANKS", (4, 8))
    monkeypatch.setattr(ranks, "BATCH", 8)
    monkeypatch.setenv("MODALITY_GAP_CACHE", str(tmp_path / "cache"))
    data = write_small_data(tmp_path / "squares")
    dataset = open_dataset(data)
    found = ranks.measure(dataset, data=data, steps=2, seeds=1, lr=1e-3, model="tiny", method="dora", adapt_blocks=1)
    assert set(found) == {"rslora", "alpha", "rank"}
    assert all(row[0] == (1.0, 1.0) for row in found.values())
    # one and the same at rank 8, beside updates that are the smaller the smaller the factor at rank 4
    assert found["rank"][1][0] > found["rslora"][1][0] > found["alpha"][1][0] > 0
