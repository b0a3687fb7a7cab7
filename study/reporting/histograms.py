"""Cosines before training and after."""

import numpy as np

from study.figures.histograms import BINS, KINDS, Counts, draw_histograms
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, Sheet, View

CENTRES = -1 + (np.arange(BINS) + 0.5) * 2 / BINS


def histograms(study: Collected) -> Section:
    """Draw the histograms of cosines of the chosen trial, over those of the model before training."""
    title = "Cosines before and after"
    views = {
        trial: View(draw_histograms(before, after), _sheet(trial, before, after))
        for trial, (before, after) in study.cosines.items()
    }
    if not views:
        return Section(title, ["There is nothing to draw.", *study.remarks()])
    chart = Chart(
        "histograms",
        "Cosines between test embeddings, before training (dashed) and after (filled), each of area 1. Where pairs lie "
        "apart from other images and texts, retrieval works; where images and texts among themselves lie right of "
        "both, there is a gap.",
        "Histograms of four kinds of cosines of the chosen trial, before and after training.",
        views,
    )
    missing = [trial for trial in study.shown if trial not in views]
    return Section(title, study.remarks() if missing else [], [chart])


def _sheet(trial: str, before: Counts, after: Counts) -> Sheet:
    """Say where each kind of cosines lies: 400 numbers a kind would say it to nobody."""
    rows = [
        [words, when, *_spread(np.asarray(counts[kind]))]
        for kind, (words, _) in KINDS.items()
        for when, counts in (("before", before), ("after", after))
        if sum(counts.get(kind, ()))
    ]
    return Sheet(f"Cosines of {trial}", ["cosines", "training", "number", "mean", "5 % below", "5 % above"], rows)


def _spread(counts: np.ndarray) -> list[object]:
    shares = counts.cumsum() / counts.sum()
    low, high = (float(CENTRES[int((shares >= share).argmax())]) for share in (0.05, 0.95))
    return [int(counts.sum()), round(float((counts * CENTRES).sum() / counts.sum()), 3), round(low, 3), round(high, 3)]
