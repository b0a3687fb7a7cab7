"""What all figures for papers have in common."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

WIDTH = 5.5  # inches: the text width of most papers
DPI = 200

# For the time of saving; the hash salt makes equal figures equal files.
STYLE: Any = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#d4d4d4",
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "svg.hashsalt": "modality-gap",
}


def new_canvas(height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Figure, Sequence[Axes]]:
    """Make a figure of a paper's width with its axes, row by row."""
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    return figure, list(np.ravel(axes))


def literal(text: str) -> str:
    r"""Write a text so that Matplotlib shows it letter by letter instead of reading mathematics.

    >>> literal("costs $5")
    'costs \\$5'
    """
    return text.replace("$", r"\$")
