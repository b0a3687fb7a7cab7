import io
import math
from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from study.blocks import Blocks

COLUMNS = ["trial_id", "epoch", "loss", "rank", "terms", "flag", "note"]
values = st.fixed_dictionaries(
    {
        "loss": st.floats(allow_nan=True, allow_infinity=True) | st.none(),
        "rank": st.integers(-(10**6), 10**6) | st.none(),
        "terms": st.sampled_from(["ce", "ce+variance", 'a "b", c', "ü\nx"]),
        "flag": st.booleans(),
        "note": st.none(),
        "elsewhere": st.just(1.0),
    }
)


def rows(trials: dict[int, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return [
        {"trial_id": f"t{trial:03d}", "epoch": epoch, **row}
        for trial, own in trials.items()
        for epoch, row in enumerate(own)
    ]


@given(st.dictionaries(st.sampled_from([0, 7, 12, 1000, 12345]), st.lists(values, min_size=1, max_size=3), min_size=1))
def test_reads_back_as_the_table_that_pandas_writes(trials: dict[int, list[dict[str, Any]]]) -> None:
    blocks = Blocks(COLUMNS)
    blocks.put(rows(trials))
    whole = pd.DataFrame(rows(dict(sorted(trials.items()))), columns=COLUMNS).to_csv(index=False)
    got = pd.read_csv(io.BytesIO(blocks.text()))
    pd.testing.assert_frame_equal(got, pd.read_csv(io.StringIO(whole)), check_exact=True)


def test_every_bit_of_a_number_comes_back() -> None:
    blocks = Blocks(["trial_id", "loss"])
    blocks.put([{"trial_id": "t000", "loss": 0.1 + 0.2}, {"trial_id": "t000", "loss": math.inf}])
    assert pd.read_csv(io.BytesIO(blocks.text()))["loss"].tolist() == [0.1 + 0.2, math.inf]


def test_a_block_takes_the_place_of_the_one_before() -> None:
    blocks = Blocks(["trial_id", "epoch", "state"])
    blocks.put([{"trial_id": trial, "epoch": 0, "state": "RUNNING"} for trial in ("t001", "t000")])
    blocks.put([{"trial_id": "t000", "epoch": epoch, "state": "COMPLETE"} for epoch in (0, 1)])
    assert blocks.text() == b"trial_id,epoch,state\nt000,0,COMPLETE\nt000,1,COMPLETE\nt001,0,RUNNING\n"


def test_without_rows_there_is_the_header() -> None:
    blocks = Blocks(COLUMNS)
    blocks.put([])
    assert blocks.text() == b"trial_id,epoch,loss,rank,terms,flag,note\n"


@given(
    st.lists(
        st.tuples(st.sampled_from(["t001", "t002", "t1000"]), st.integers(0, 3), st.sampled_from(["RUNNING", "FAIL"])),
        max_size=8,
    )
)
def test_what_is_said_to_be_added_is_what_the_text_has_grown_by(puts: list[tuple[str, int, str]]) -> None:
    blocks = Blocks(["trial_id", "epoch", "state"])
    for trial, epochs, state in puts:
        before = blocks.text()
        added = blocks.put([{"trial_id": trial, "epoch": epoch, "state": state} for epoch in range(epochs)])
        assert (added is not None) == blocks.text().startswith(before)
        assert added is None or blocks.text() == before + added
