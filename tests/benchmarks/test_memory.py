import mmap
from pathlib import Path

import numpy as np
import pytest

from benchmarks.memory import STATUS, peak

SIZE = 64_000_000


@pytest.mark.skipif(not STATUS.exists(), reason="Linux counts a process's memory here")
def test_what_was_held_before_does_not_hide_what_is_held_now() -> None:
    for size in (2 * SIZE, SIZE):  # the smaller one second
        with peak() as found:
            np.ones(size, dtype=np.uint8).sum()
        assert found.resident_gb == pytest.approx(size / 1e9, rel=0.1)
        assert found.own_gb is not None


@pytest.mark.skipif(not STATUS.exists(), reason="Linux counts a process's memory here")
def test_a_mapped_file_is_resident_but_not_its_own(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(SIZE))
    with peak() as found, (tmp_path / "file").open("rb") as file:
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        assert np.frombuffer(mapped, dtype=np.uint8).sum() == 0
    assert found.own_gb is not None
    assert found.own_gb < 0.3 * found.resident_gb
