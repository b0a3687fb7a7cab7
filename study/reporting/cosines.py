"""Counts of cosines before training and after, as a study kept them or of embeddings."""

from collections.abc import Mapping
from pathlib import Path

from study.cosines import read_cosines
from study.embeddings import Embeddings
from study.figures.histograms import Counts, counts_at
from study.open_trial import BASELINE

BeforeAfter = tuple[Counts, Counts]


def cosines(directory: Path, epochs: Mapping[str, int], embeddings: Mapping[str, Embeddings]) -> dict[str, BeforeAfter]:
    """Give the counts of every trial that has some: before training, and after the epoch of it that counts.

    Raises ``UserError`` if a table cannot be read.
    """
    found: dict[str, BeforeAfter] = {}
    base: Counts = {}
    for trial, epoch in epochs.items():
        if len(kept := read_cosines(directory, trial)):
            found[trial] = counts_at(kept, 0), counts_at(kept, epoch)
        elif trial in embeddings and BASELINE in embeddings:
            base = base or embeddings[BASELINE].cosines()
            found[trial] = base, embeddings[trial].cosines()
    return found
