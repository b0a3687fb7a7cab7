"""What moved the objectives: searched parameters, and loss terms one by one."""

from collections.abc import Collection, Sequence

import pandas as pd
from plotly.graph_objects import Bar, Figure, Scatter
from plotly.subplots import make_subplots

from study.effects import REST
from study.figures import palette, theme
from study.figures.hover import plain

PATTERNS = ("", "/", ".", "x", "-")


def draw_importances(table: pd.DataFrame, height: int = 360, *, doubtful: Collection[str] = ()) -> Figure:
    """Draw the importance of each parameter for each objective as bars; ``table`` is that of ``effects.importances``.

    Most important on average on top, what they leave of the variance (``effects.with_rest``) below. Objectives differ
    in colour and in pattern; bars of the ``doubtful`` ones, not distinguishable from noise, are hollow.
    """
    known = table[table["importance"].notna()]
    if not len(known):
        return theme.nothing_to_draw("too few complete trials for importances, or none that differ")
    ranked = known.groupby("parameter")["importance"].mean().sort_values(kind="stable").index
    order = [*ranked.intersection([REST]), *ranked.drop(REST, errors="ignore")]
    bars = []
    for k, (objective, rows) in enumerate(known.groupby("objective", sort=False)):
        by_name = rows.set_index("parameter")["importance"].reindex(order)
        colour, doubt = palette.SERIES[k % len(palette.SERIES)], objective in doubtful
        filled = {"color": colour, "pattern": {"shape": PATTERNS[k % len(PATTERNS)]}}
        hollow = {"color": "rgba(0,0,0,0)", "line": {"color": colour, "width": 1.5}}
        bars.append(
            Bar(
                x=by_name.tolist(),
                y=[plain(palette.label(str(name))) for name in order],
                orientation="h",
                name=plain(palette.label(str(objective))) + (": not told from noise" if doubt else ""),
                marker=hollow if doubt else filled,
                hovertemplate="%{y}: %{x:.2f}<extra></extra>",
            )
        )
    axes = {"xaxis": {"title": {"text": "share of the forest's variance, alone"}, "rangemode": "tozero"}}
    return theme.new_figure(*bars, height=height, barmode="group", legend={"traceorder": "normal"}, **axes)


def draw_effects(effects: pd.DataFrame, height: int = 360) -> Figure:
    """Draw the effect of each loss term on each objective with its 95 % interval; a column an objective, as units
    differ. ``effects`` is the table of ``effects.term_effects``.

    A term whose effect cannot be told has no point. An interval across zero is drawn hollow.
    """
    known = effects[effects["effect"].notna()]
    if not len(known):
        return theme.nothing_to_draw("no loss term is in two trials or more and missing from as many")
    objectives = list(dict.fromkeys(known["objective"]))
    terms = list(dict.fromkeys(known["term"]))[::-1]
    figure = make_subplots(rows=1, cols=len(objectives), shared_yaxes=True, horizontal_spacing=0.04)
    figure.update_layout(theme.new_figure(height=height, showlegend=False).layout)
    for k, objective in enumerate(objectives):
        figure.add_trace(_points(known[known["objective"] == objective], k), row=1, col=k + 1)
        words = f"change of<br>{plain(palette.label(str(objective)), 16)}"
        figure.update_xaxes(title={"text": words}, zeroline=True, zerolinewidth=2, nticks=5, row=1, col=k + 1)
    names = [plain(palette.label(str(term))) for term in terms]
    figure.update_yaxes(type="category", categoryorder="array", categoryarray=names)
    return figure


def _points(rows: pd.DataFrame, number: int) -> Scatter:
    colour = palette.SERIES[number % len(palette.SERIES)]
    unsure = _across_zero(rows)
    counts = rows[["low", "high", "n_with", "n_without"]].to_numpy().tolist()
    return Scatter(
        x=rows["effect"].tolist(),
        y=[plain(palette.label(str(term))) for term in rows["term"]],
        mode="markers",
        marker={"symbol": ["circle-open" if one else "circle" for one in unsure], "color": colour, "size": 9},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": (rows["high"] - rows["effect"]).tolist(),
            "arrayminus": (rows["effect"] - rows["low"]).tolist(),
            "color": colour,
            "thickness": 1.5,
        },
        customdata=counts,
        hovertemplate=(
            "%{y}: %{x:+.3g}<br>95 % interval %{customdata[0]:+.3g} to %{customdata[1]:+.3g}"
            "<br>%{customdata[2]} trials with, %{customdata[3]} without<extra></extra>"
        ),
    )


def _across_zero(rows: pd.DataFrame) -> Sequence[bool]:
    return [not (low > 0 or high < 0) for low, high in zip(rows["low"], rows["high"], strict=True)]
