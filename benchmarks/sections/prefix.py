"""An epoch from the states behind frozen blocks against one that runs whole towers."""

import statistics
from collections.abc import Mapping
from typing import Any

from benchmarks.prefix import BATCHES, METHODS, TEST_IMAGES, prefix_ratio
from benchmarks.rows import Row, ratio_row
from gap.data import PairDataset, open_dataset, prepare
from gap.models.load import load_clip

MODEL, ROUNDS = "mini", 5
SHOWN = {name: METHODS[name] for name in ("last_layers, 2 blocks", "dora, adapt_blocks 2")}


def prefix() -> list[Row]:
    """Time epochs of the bundled pictograms both ways, in turns."""
    size = load_clip(MODEL).image_size
    return prefix_rows(open_dataset(prepare("pictograms", language="en", image_size=size, progress=False)), SHOWN)


def prefix_rows(dataset: PairDataset, methods: Mapping[str, Mapping[str, Any]], **how: Any) -> list[Row]:
    """Give a row a method; ``how`` is passed on to ``prefix_ratio``."""
    rows = []
    for name, method in methods.items():
        cost = prefix_ratio(dataset, **{"model": MODEL, "rounds": ROUNDS, **how}, **method)
        shown = f"{statistics.median(cost.split):.2f} s; all states once, {cost.states:.1f} s"
        note = f"{90 * BATCHES} training and {TEST_IMAGES} test images, fp32; {shown}"
        rows.append(ratio_row(f"epoch from cached states, {name}", "whole towers", cost.split, cost.whole, note))
    return rows
