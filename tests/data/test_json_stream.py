import hashlib
import json
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.data.json_stream import digest, json_pieces, pairs_digest

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(value=JSON)
def test_it_is_what_json_dumps_gives(value: Any) -> None:
    assert "".join(json_pieces(value)) == json.dumps(value, ensure_ascii=False)
    compact = json.dumps(value, separators=(",", ":"), sort_keys=True)
    assert "".join(json_pieces(value, compact=True)) == compact
    assert digest(value) == hashlib.sha256(compact.encode()).hexdigest()


@pytest.mark.parametrize("count", [0, 1, 8_192, 8_193, 20_000])
def test_columns_are_lists_however_long(count: int) -> None:
    plain = {"ids": [f"ñ {n}" for n in range(count)], "rows": list(range(count)), "captions": [["a", "b"]] * count}
    columns = {"ids": pa.array(plain["ids"], pa.large_string()), "rows": np.arange(count),
               "captions": pa.array(plain["captions"], pa.list_(pa.string()))}  # fmt: skip
    assert "".join(json_pieces(columns)) == json.dumps(plain, ensure_ascii=False)
    assert digest((columns, (columns["rows"],))) == digest([plain, [plain["rows"]]])


@pytest.mark.parametrize("count", [0, 1, 8_192, 20_000])
def test_pairs_are_hashed_as_one_list(count: int) -> None:
    pairs = [(str(n), "ñ") for n in range(count)]
    assert pairs_digest([1, 224], iter(pairs)) == hashlib.sha256(json.dumps([1, 224, pairs]).encode()).hexdigest()
