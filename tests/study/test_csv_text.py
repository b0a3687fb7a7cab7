import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study.csv_text import harmless, original, read_csv
from study.results import Table, write_csv

TEXTS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\n=1",
    "'=1",
    "''-x",
    "'tis",
    "ce+variance",
    "-1",
    "a",
]


@given(st.text() | st.text(alphabet="'=+-@a1\t\r\n"))
def test_no_text_is_a_formula_and_every_text_comes_back(text: str) -> None:
    written = harmless(text)
    assert original(written) == text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "\ufffd")
    if written.startswith(("=", "+", "-", "@", "\t", "\r")):
        float(written)  # a number, which is no formula


def test_a_table_comes_back_numbers_untouched(tmp_path: Path) -> None:
    numbers = np.array([-0.1, 5e-324, -1e308, 1 / 3, np.nan, -0.0, 1, 2, 3, 4, 5, 6])
    table = pd.DataFrame({"trial_id": "t0", "error": TEXTS, "loss": numbers, "rank": range(-6, 6), "on": [True] * 12})
    write_csv(table, tmp_path / "t.csv")
    pd.testing.assert_frame_equal(read_csv(tmp_path / "t.csv"), table, check_exact=True, check_dtype=False)
    with_pandas = pd.read_csv(tmp_path / "t.csv")
    np.testing.assert_array_equal(with_pandas["loss"], numbers)
    assert with_pandas["rank"].tolist() == list(range(-6, 6))
    assert not any(text.startswith(("=", "+", "-2", "@", "\t")) for text in with_pandas["error"])
    write_csv(read_csv(tmp_path / "t.csv"), tmp_path / "again.csv")
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "t.csv").read_bytes()


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x")', '-oops, a "quote"\nand a line', "@x", "'=1"])
def test_the_error_of_a_trial(tmp_path: Path, text: str) -> None:
    table = Table(tmp_path / "t.csv", ["trial_id", "loss", "error"])
    table.write([{"trial_id": "t000", "loss": -0.5, "error": text}, {"trial_id": "t001", "loss": 1.0, "error": None}])
    with (tmp_path / "t.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1:] == [["t000", "-0.5", f"'{text}"], ["t001", "1.0", ""]]
    back = read_csv(tmp_path / "t.csv")
    assert back["error"].tolist()[0] == text
    assert back["loss"].tolist() == [-0.5, 1.0]


def test_signs_that_would_tear_a_row_in_two(tmp_path: Path) -> None:
    table = Table(tmp_path / "t.csv", ["trial_id", "error"])
    table.write([{"trial_id": "t000", "error": "a\rb\x00c"}])
    write_csv(pd.DataFrame({"trial_id": ["t000"], "error": ["a\rb\x00c"]}), tmp_path / "other.csv")
    for name in ("t.csv", "other.csv"):
        assert read_csv(tmp_path / name).to_dict("records") == [{"trial_id": "t000", "error": "a\nb\ufffdc"}]
