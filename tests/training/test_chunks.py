from pathlib import Path
from typing import Any

import pytest
import torch
from small_data import write_small_data

from gap.training import chunks
from gap.training.chunks import MARGIN, free_memory, pairs_at_once
from gap.training.config import TrialConfig
from gap.training.fit import fit
from gap.training.plan.trial import plan_trial


def config(**settings: Any) -> TrialConfig:
    return TrialConfig(**{"model": "tiny", "data": "none", "batch_size": 64, "rank": 4, **settings})


def refuse(text: str) -> None:
    pytest.fail(f"noted: {text}")


@pytest.mark.parametrize(("chunk_size", "expected"), [(None, 64), (5, 5), (64, 64), (1000, 64)])
def test_a_given_size_is_taken(chunk_size: int | None, expected: int) -> None:
    assert pairs_at_once(config(chunk_size=chunk_size), note=refuse, free=1) == expected


def test_auto_is_the_whole_batch_where_it_fits() -> None:
    assert pairs_at_once(config(chunk_size="auto"), note=refuse, free=10**12) == 64


def test_auto_is_the_largest_chunk_that_is_planned_to_fit() -> None:
    memory = plan_trial(config(), like="cpu").memory
    free = round(memory.peak(23) / MARGIN) + 1
    notes: list[str] = []
    assert pairs_at_once(config(chunk_size="auto"), note=notes.append, free=free) == 23
    assert notes[0].startswith("chunk_size auto: 23 of 64 pairs, ")


def test_where_nothing_is_planned_to_fit_one_pair_is_tried() -> None:
    notes: list[str] = []
    assert pairs_at_once(config(chunk_size="auto"), note=notes.append, free=1000) == 1
    assert len(notes) == 1


def test_what_is_free_is_the_devices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (7, 100))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda device: 5)
    assert free_memory(torch.device("cuda")) == 12


def test_a_run_takes_what_auto_gives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = write_small_data(tmp_path / "data")
    settings = config(data=data, batch_size=8, epochs=1, chunk_size="auto", pool_size=4)
    memory = plan_trial(settings, like="cpu").memory
    monkeypatch.setattr(chunks, "free_memory", lambda device: round(memory.peak(3) / MARGIN) + 1)
    notes: list[str] = []
    assert list(fit(settings, note=notes.append))[-1]["pairs_at_once"] == 3
    assert len(notes) == 1
