"""What a study takes beside its optimiser steps."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.bookkeeping import KEPT, MEASURED, measure
from benchmarks.rows import Row, single_row
from benchmarks.training import study_shares

LIMIT = 0.5  # s


def study() -> list[Row]:
    """Measure a rehearsal of one trial, and what is kept of the 10th and the 1,000th trial."""
    return [*overhead(), *bookkeeping()]


def overhead(trials: int = 1) -> list[Row]:
    """Give the share of a whole command that is not optimiser steps."""
    shares = study_shares(trials)
    whole, steps = shares["whole command"], shares["optimiser steps"]
    note = f"rehearsal of arasaac_es.yaml, {trials} trial of {shares['epochs']:.0f} epochs; {whole:.0f} s"
    return [single_row("all but optimiser steps", "whole command", (whole - steps) / whole, note)]


def bookkeeping(trials: Sequence[int] = (10, 1000), measured: int = MEASURED) -> list[Row]:
    """Compare what is kept of a trial early and late in a study with each other, and with its limit."""
    with tempfile.TemporaryDirectory() as directory:
        found = measure(trials, Path(directory), measured=measured)
    first, last = ([sum(trial[part] for part in KEPT) for trial in found[at]] for at in (trials[0], trials[-1]))
    name = f"bookkeeping of trial {trials[-1]:,}"
    rows = []
    for peer, theirs in ((f"trial {trials[0]:,}", float(np.median(first))), (f"limit of {LIMIT} s", LIMIT)):
        low, ratio, high = (np.quantile(last, [0.25, 0.5, 0.75]) / theirs).tolist()
        rows.append(Row(name, peer, ratio, low, high, f"{np.median(last):.3f} s; {measured} trials of 10 epochs each"))
    return rows
