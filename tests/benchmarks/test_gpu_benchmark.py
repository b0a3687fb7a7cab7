from typing import Any

import pytest
import torch

from benchmarks.gpu import measured_rows


def test_every_row_is_measured() -> None:
    rows = list(measured_rows("tiny", [4], torch.device("cpu"), rounds=1, peak=1e12))
    assert {row.row for row in rows} == {
        "DoRA (this project)", "full fine-tuning (open_clip)", "DoRA (PEFT)", "LoRA (PEFT)",
    }  # fmt: skip
    for row in rows:
        assert row.pairs_per_second is not None
        assert row.share_of_peak is not None
        assert row.pairs_per_second > 0
        assert row.share_of_peak > 0
    # all rows are shares of the same work
    first, last = rows[0], rows[-1]
    assert first.share_of_peak is not None
    assert last.share_of_peak is not None
    assert first.pairs_per_second is not None
    assert last.pairs_per_second is not None
    assert abs(first.share_of_peak / first.pairs_per_second - last.share_of_peak / last.pairs_per_second) < 1e-9


def test_a_row_that_does_not_fit_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*arguments: Any, **keywords: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory")

    monkeypatch.setattr("benchmarks.gpu.plain_step", never)
    rows = list(measured_rows("tiny", [4], torch.device("cpu"), rounds=1, peak=1e12))
    peers = [row for row in rows if row.row != "DoRA (this project)"]
    assert [row.pairs_per_second for row in peers] == [None] * 3
    assert rows[0].pairs_per_second is not None
