"""The front of a study for a paper."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from study.choice import knee
from study.error_bars import with_error_bars
from study.figures import palette
from study.figures.axes import Plane, plane_of
from study.figures.front import BEFORE, MARKS
from study.figures.groups import SEARCH, STOPPED, THESIS, groups
from study.finished import Finished
from study.open_trial import BASELINE
from study.posthoc_series import OF_TRIAL, UNTUNED
from study.reporting.papers.canvas import literal, new_canvas
from study.reporting.words import joined

# Plotly's names of the marks, in Matplotlib's letters.
SYMBOLS = {"x": "X", "square": "s", "circle": "o", "triangle-up": "^", "diamond-tall": "d", "pentagon": "p"}
PALE = 0.45
NAMED = 3  # trials that a legend has room for
NAMES = (((-5, -11), "right"), ((5, 6), "left"))


def draw_front(study: Finished) -> Figure | None:
    """Draw the first objective over the second; None without trials that have a place, or with one objective.

    The front's trials carry their names. Of three objectives or more, two are drawn, and no line.
    """
    plane = plane_of(study.objectives)
    if plane.across == "trial_id":
        return None
    drawn, front = plane.drawn(study.trials), plane.drawn(study.front)
    if not len(drawn):
        return None
    figure, (axes,) = new_canvas(3.6)
    kinds = pd.Series(groups(drawn, study.about["spec"]), index=drawn.index)
    beaten = ~drawn["trial_id"].isin(front["trial_id"])
    for kind in (SEARCH, STOPPED, THESIS):
        _scatter(axes, plane, kind, drawn[(kinds == kind) & beaten], pale=kind != STOPPED)
        _scatter(axes, plane, kind, drawn[(kinds == kind) & ~beaten], pale=False)
    _scatter(axes, plane, BEFORE, plane.drawn(pd.DataFrame([study.baseline])), pale=False)
    mapped = plane.drawn(study.posthoc)
    untuned = mapped["trial_id"] == BASELINE
    _scatter(axes, plane, UNTUNED, mapped[untuned], pale=False)
    _scatter(axes, plane, OF_TRIAL, mapped[~untuned], pale=False, label=_of_trials(mapped["trial_id"][~untuned]))
    if len(front):
        if len(study.objectives) == 2:
            ordered = front.sort_values([plane.across, plane.up], kind="stable")
            x, y = plane.coordinates(ordered)
            axes.step(
                x,
                y,
                where="post" if study.objectives[plane.across] == "min" else "pre",
                color=palette.FRONT,
                linewidth=1,
                label="Pareto front",
                zorder=1,
            )
        best = front[front["trial_id"] == knee(front, study.objectives)]
        x, y = plane.coordinates(best)
        axes.scatter(x, y, s=170, facecolors="none", edgecolors=palette.OTHER, linewidths=1.2, label="knee", zorder=2)
        _bars(axes, study, plane.up, plane.across)
        # Neighbours lie close: their names stand by turns below to the left and above to the right.
        for turn, (_, row) in enumerate(front.sort_values([plane.across, plane.up], kind="stable").iterrows()):
            place = (row[plane.across], row[plane.up])
            offset, side = NAMES[turn % 2]
            name = literal(str(row["trial_id"]))
            axes.annotate(name, place, xytext=offset, ha=side, textcoords="offset points", fontsize=7)
    axes.set_xlabel(literal(palette.label(plane.across)))
    axes.set_ylabel(literal(palette.label(plane.up)))
    axes.margins(0.12)
    handles, labels = axes.get_legend_handles_labels()
    once = dict(zip(labels, handles, strict=True))  # the last of a kind is the one that is not pale
    figure.legend(once.values(), once.keys(), loc="outside upper center", ncols=2)
    return figure


def _of_trials(trials: pd.Series) -> str:
    """Name the series of the maps of trials, which have one mark in a figure that nobody can point at.

    >>> _of_trials(pd.Series(["t003", "t001", "t003"])), _of_trials(pd.Series(["t003"]))
    ('post-hoc, trials t001 and t003', 'post-hoc, trial t003')
    """
    names = sorted(set(trials))
    if len(names) > NAMED:
        return f"{OF_TRIAL}s: {len(names)} of them"
    return f"{OF_TRIAL}{'s' if len(names) > 1 else ''} {joined(names)}" if names else OF_TRIAL


def _scatter(axes: Axes, plane: Plane, kind: str, rows: pd.DataFrame, *, pale: bool, label: str = "") -> None:
    if not len(rows):
        return
    x, y = plane.coordinates(rows)
    mark = MARKS[kind]
    hollow = mark.symbol.endswith("-open")
    filled = {"facecolors": mark.colour, "edgecolors": "white", "linewidths": 0.6}
    colours = {"facecolors": "none", "edgecolors": mark.colour} if hollow else filled
    symbol = SYMBOLS[mark.symbol.removesuffix("-open")]
    axes.scatter(x, y, s=38, marker=symbol, label=label or kind, alpha=PALE if pale else 1, zorder=3, **colours)


def _bars(axes: Axes, study: Finished, up: str, across: str) -> None:
    barred = with_error_bars(study.front, study.replicates, study.objectives)
    rows = barred[barred["n"] > 0]
    if len(rows):
        axes.errorbar(
            rows[f"{across}_mean"],
            rows[f"{up}_mean"],
            xerr=rows[f"{across}_se"],
            yerr=rows[f"{up}_se"],
            fmt="+",
            color=palette.FRONT,
            elinewidth=0.8,
            capsize=2,
            label="re-runs: mean ± standard error",
        )
