from pathlib import Path

import pytest

from gap.errors import UserError
from study.cosines import add_cosines, cosines_path, read_cosines


def counts(**bins: int) -> list[int]:
    return [bins.get(f"b{i}", 0) for i in range(200)]


def test_bins_that_hold_any_are_rows(tmp_path: Path) -> None:
    add_cosines(tmp_path, "t000", 0, {"paired": counts(b0=3, b199=2), "crossed": counts(b100=7)})
    add_cosines(tmp_path, "t000", 1, {"paired": counts(b150=5), "crossed": counts()})
    assert read_cosines(tmp_path, "t000").values.tolist() == [
        [0, "paired", -0.995, 3],
        [0, "paired", 0.995, 2],
        [0, "crossed", 0.005, 7],
        [1, "paired", 0.505, 5],
    ]


def test_an_epoch_is_there_once(tmp_path: Path) -> None:
    for _ in range(2):
        add_cosines(tmp_path, "t000", 0, {"paired": counts(b0=3)})
    assert len(read_cosines(tmp_path, "t000")) == 1


def test_no_counts_make_no_table(tmp_path: Path) -> None:
    add_cosines(tmp_path, "t000", 0, {})
    assert not cosines_path(tmp_path, "t000").exists()
    assert len(read_cosines(tmp_path, "t000")) == 0


def test_another_table_is_an_error(tmp_path: Path) -> None:
    cosines_path(tmp_path, "t000").parent.mkdir()
    cosines_path(tmp_path, "t000").write_text("a,b\n1,2\n")
    with pytest.raises(UserError, match=r"cannot read .*t000.csv"):
        read_cosines(tmp_path, "t000")
