"""Hypervolume, cosines, map of embeddings, gap by dimension and effects of loss terms for a paper."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from study.embeddings import Embeddings
from study.figures import palette
from study.figures.dimensions import gap_by_dimension
from study.figures.embedding_map import AT_MOST, principal_plane
from study.figures.histograms import FEW, KINDS, MERGED, Counts
from study.reporting.embedding_map import pairs
from study.reporting.histograms import CENTRES
from study.reporting.papers.canvas import literal, new_canvas

WHEN = ("before", "after")
FloatArray = npt.NDArray[np.float64]


def draw_hypervolume(table: pd.DataFrame) -> Figure:
    """Draw how the front grew, trial by trial."""
    figure, (axes,) = new_canvas(2.4)
    axes.step(table["trials"], table["hypervolume"], where="post", color=palette.FRONT, marker="o", markersize=3)
    axes.set_xlabel("trials that have ended")
    axes.set_ylabel("hypervolume")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_ylim(bottom=0)
    return figure


def draw_histograms(before: Counts, after: Counts) -> Figure:
    """Draw the four kinds of cosines, before training as a dashed line, after as an area."""
    figure, cells = new_canvas(3.6, 2, 2, sharex=True)
    for axes, (kind, (words, colour)) in zip(cells, KINDS.items(), strict=True):
        for when, counts in zip(WHEN, (before, after), strict=True):
            if sum(counts.get(kind, ())):
                edges, density = _density(counts[kind])
                style = {"fill": True, "alpha": 0.35} if when == "after" else {"linestyle": "--", "linewidth": 1}
                axes.stairs(density, edges, color=colour, label=when, **style)
        axes.set_title(words)
        axes.set_ylim(bottom=0)
    used = np.flatnonzero(sum(np.asarray(counts) for both in (before, after) for counts in both.values()))
    cells[0].set_xlim(CENTRES[used[0]] - 0.04, CENTRES[used[-1]] + 0.04)
    handles = [Patch(color=palette.OTHER, fill=False, linestyle="--"), Patch(color=palette.OTHER, alpha=0.35)]
    figure.legend(handles, ["before training", "after"], loc="outside upper center", ncols=2)
    figure.supxlabel("cosine", fontsize=9)
    figure.supylabel("density", fontsize=9)
    return figure


def _density(counts: Sequence[int]) -> tuple[FloatArray, FloatArray]:
    """Give the edges of the bins and the density in each; few cosines are drawn in wide bins."""
    values = np.asarray(counts, dtype=np.float64).reshape(-1, MERGED if sum(counts) < FEW else 1).sum(axis=1)
    return np.linspace(-1, 1, len(values) + 1), values / (values.sum() * 2 / len(values))


def draw_map(before: Embeddings, after: Embeddings, *, at_most: int = AT_MOST) -> Figure:
    """Draw pairs on the first two principal components of each model, a line between the two of a pair."""
    figure, cells = new_canvas(2.9, 1, 2)
    for axes, when, embeddings in zip(cells, WHEN, (before, after), strict=True):
        images, texts, _ = pairs(embeddings)
        points = torch.cat([images, texts]).double()
        directions, shares = principal_plane(points)
        places = ((points - points.mean(dim=0)) @ directions).numpy()
        n = len(images)
        drawn = np.sort(np.random.default_rng(0).permutation(n)[:at_most])
        one, other = places[:n][drawn], places[n:][drawn]
        axes.add_collection(
            LineCollection(list(np.stack([one, other], axis=1)), colors=palette.OTHER, linewidths=0.3, zorder=1)
        )
        axes.scatter(one[:, 0], one[:, 1], s=7, color=palette.IMAGE, label="images", linewidths=0, zorder=2)
        axes.scatter(other[:, 0], other[:, 1], s=10, marker="D", label="texts", facecolors="none",
                     edgecolors=palette.TEXT, linewidths=0.6, zorder=2)  # fmt: skip
        first, second = shares.tolist()
        axes.set_title(f"{when} training")
        axes.set_xlabel(f"first component ({first:.0%})")
        axes.set_ylabel(f"second component ({second:.0%})")
        axes.set_aspect("equal", adjustable="datalim")
    figure.legend(*cells[0].get_legend_handles_labels(), loc="outside upper center", ncols=2)
    return figure


def draw_dimensions(before: Embeddings, after: Embeddings) -> Figure:
    """Draw the size of the mean difference by dimension, largest first, and the share that the largest carry."""
    figure, (sizes, carried) = new_canvas(2.6, 1, 2)
    for when, embeddings, colour in zip(WHEN, (before, after), palette.SERIES, strict=False):
        difference, share = gap_by_dimension(embeddings.image_features, embeddings.text_features)
        order = np.arange(1, len(difference) + 1)
        line: dict[str, Any] = {
            "color": colour,
            "linestyle": "-" if when == "after" else "--",
            "linewidth": 1.2,
            "label": when,
        }
        sizes.plot(order, difference.abs().sort(descending=True).values.numpy(), **line)
        carried.plot(order, 100 * share.numpy(), **line)
    sizes.set_ylabel("size of the difference of means")
    carried.set_ylabel("share of the squared gap (%)")
    sizes.set_ylim(bottom=0)
    carried.set_ylim(0, 104)
    carried.legend(loc="lower right")
    figure.supxlabel("dimensions, largest first", fontsize=9)
    return figure


def draw_effects(effects: pd.DataFrame) -> Figure | None:
    """Draw each loss term's effect on each objective with its 95 % interval; None where none can be told."""
    known = effects[effects["effect"].notna()]
    if not len(known):
        return None
    objectives, terms = list(dict.fromkeys(known["objective"])), list(dict.fromkeys(known["term"]))[::-1]
    figure, cells = new_canvas(1.0 + 0.28 * len(terms), 1, len(objectives), sharey=True)
    for axes, objective, colour in zip(cells, objectives, palette.SERIES, strict=False):
        rows = known[known["objective"] == objective]
        places = [terms.index(term) for term in rows["term"]]
        bars = [rows["effect"] - rows["low"], rows["high"] - rows["effect"]]
        axes.errorbar(rows["effect"], places, xerr=bars, fmt="o", color=colour, markersize=4, elinewidth=1, capsize=2)
        axes.axvline(0, color="#222222", linewidth=0.8)
        axes.set_xlabel(literal(f"change of {palette.label(str(objective))}"))
        axes.set_yticks(range(len(terms)), [literal(palette.label(str(term))) for term in terms])
        axes.set_ylim(-0.6, len(terms) - 0.4)
    return figure
