"""Cosines within and across the modalities, before training and after: the thesis's figures 5.3 to 5.6."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from study.figures import palette, theme

BINS = 200
WIDTH = 2 / BINS
# So few cosines are drawn in bins so many times as wide: in narrow ones chance would be all there is to see.
FEW, MERGED = 5_000, 4
KINDS = {
    "image_image": ("image – image", palette.IMAGE),
    "text_text": ("text – text", palette.TEXT),
    "paired": ("image – text, pairs", palette.PAIR),
    "crossed": ("image – text, others", "#cc79a7"),
}

Counts = Mapping[str, Sequence[int]]


def counts_at(table: pd.DataFrame, epoch: int) -> dict[str, list[int]]:
    """Take an epoch's counts in all 200 bins on [−1, 1] from a trial's ``cosines/<trial>.csv``.

    Empty if the table has no such epoch. The table leaves out bins that are empty.

    >>> table = pd.DataFrame({"epoch": 0, "kind": "paired", "cosine": [0.005, 0.995], "count": [3, 1]})
    >>> counts = counts_at(table, 0)["paired"]
    >>> len(counts), counts[100], counts[199], sum(counts)
    (200, 3, 1, 4)
    """
    own = table[table["epoch"] == epoch]
    counts = {}
    for kind, rows in own.groupby("kind", sort=False):
        bins = np.floor((rows["cosine"].to_numpy(dtype=np.float64) + 1) / WIDTH).astype(int).clip(0, BINS - 1)
        filled = np.bincount(bins, weights=rows["count"].to_numpy(), minlength=BINS)
        counts[str(kind)] = filled.astype(int).tolist()
    return counts


def draw_histograms(before: Counts, after: Counts, height: int = 520) -> go.Figure:
    """Draw the four kinds of cosines under each other: before dashed, after filled, each of area 1.

    ``before`` and ``after`` map a kind to its counts in 200 bins of equal width on [−1, 1]; a kind may be missing.
    Less than 5,000 cosines, such as those of few pairs, are drawn in bins of 0.04.
    """
    drawn = [kind for kind in KINDS if sum(before.get(kind, ())) or sum(after.get(kind, ()))]
    if not drawn:
        return theme.nothing_to_draw("no cosines were kept of this trial")
    figure = make_subplots(rows=len(drawn), cols=1, shared_xaxes=True, vertical_spacing=0.07)
    figure.update_layout(theme.new_figure(height=height).layout)
    for number, kind in enumerate(drawn, start=1):
        words, colour = KINDS[kind]
        for when, counts in (("before", before.get(kind, ())), ("after", after.get(kind, ()))):
            if sum(counts):
                figure.add_trace(_curve(counts, when, words, colour, number == 1), row=number, col=1)
        place = {"xref": "x domain", "yref": f"y{number if number > 1 else ''} domain", "x": 1, "y": 1}
        figure.add_annotation(text=words, showarrow=False, xanchor="right", yanchor="bottom", **place)
    used = np.flatnonzero(sum(np.asarray(counts) for both in (before, after) for counts in both.values()))
    low, high = -1 + (used[0] - 2) * WIDTH, -1 + (used[-1] + 3) * WIDTH
    figure.update_xaxes(range=[max(low, -1.0), min(high, 1.0)])
    figure.update_xaxes(title={"text": "cosine"}, row=len(drawn), col=1)
    figure.update_yaxes(rangemode="tozero", nticks=3)
    return figure


def _curve(counts: Sequence[int], when: str, words: str, colour: str, in_legend: bool) -> go.Scatter:
    merged = MERGED if sum(counts) < FEW else 1
    values = np.asarray(counts, dtype=np.float64).reshape(-1, merged).sum(axis=1)
    width = merged * WIDTH
    density = values / (values.sum() * width)
    after = when == "after"
    return go.Scatter(
        x=(-1 + width * (np.arange(len(values)) + 0.5)).round(6).tolist(),
        y=density.tolist(),
        mode="lines",
        name=when,
        legendgroup=when,
        showlegend=in_legend,
        line={"color": colour, "dash": "solid" if after else "dash", "width": 1.5, "shape": "hvh"},
        fill="tozeroy" if after else None,
        hovertemplate=f"{words}, {when}<br>cosine %{{x:.3f}}: density %{{y:.3g}}<extra></extra>",
    )
