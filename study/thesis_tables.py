"""The comparison with the thesis, as it is printed and as it is written."""

import math
from collections.abc import Sequence

import pandas as pd
from rich.console import Console
from rich.table import Table

from study.agreement import REFERENCES, RULE, Effect, Value, count
from study.measured import Measured
from study.published import ROWS, PublishedTable

WIDTH = 100
HEADINGS = {
    "modality_gap": "gap",
    "misalignment": "misalign.",
    "uniformity": "uniformity",
    "recall_at_1": "R@1",
    "recall_at_5": "R@5",
    "recall_at_10": "R@10",
    "train_recall_at_1": "train R@1",
}
ARROWS = {"up": "↑", "down": "↓", "=": "=", "": "?"}
MARKS = {True: "yes", False: "no", None: "-"}
SHOWN = ("model", "method", "epochs", "batch_size", "lr")


def show(
    table: PublishedTable,
    studies: Sequence[Measured],
    values: Sequence[Value],
    effects: Sequence[Effect],
    caveats: Sequence[str],
    console: Console,
) -> None:
    """Print what is compared, what cannot be held equal, the values, the effects, the counts, and what is missing."""
    first = studies[0]

    def say(text: str, style: str | None = None) -> None:
        console.print(text, style=style, highlight=False, markup=False)

    settings = ", ".join(f"{name} {first.spec[name]}" for name in SHOWN if name in first.spec)
    seeds = ", ".join(str(study.spec["seed"]) for study in studies)
    say(f"Table {table.number} of the thesis beside {', '.join(str(study.directory) for study in studies)}")
    say("thesis: model ViT-L-14, method dora, epochs 10, batch_size 90, lr 1e-05, one run a row")
    say(f"here:   {settings}, seed {seeds}")
    if first.about["profile"] == "rehearsal":
        say("REHEARSAL: a small model; what follows says nothing about the thesis's own model.", "bold yellow")
    for line in caveats:
        say(line, "dim")
    say("")
    console.print(_values_table(table, values, len(studies)))
    for reference in REFERENCES:
        say("")
        console.print(_effects_table(table, [effect for effect in effects if effect.reference == reference], reference))
    say("")
    if len(studies) > 1:
        most = max(effect.measured.n for effect in effects)
        say(
            f"Changes are paired over {most} seeds: within a study both rows have one seed. Below each: their mean, "
            "and half of its 95 % interval (paired t-test)."
        )
    say("Effects: direction in the thesis, direction here, whether they agree (? and -: not measured). " + RULE)
    for reference in REFERENCES:
        say(f"Agree against {reference}: {count([one for one in effects if one.reference == reference])}")
    say(f"Agree in all: {count(effects)}", "bold")
    for study in studies:
        for row, reason in study.missing.items():
            if row in table.values.index:
                say(f"missing: {row} ({ROWS[row]}) in {study.directory}: {reason}", "yellow")
        if lacking := _not_measured(study):
            say(f"missing: {', '.join(lacking)} in {study.directory}: no values", "yellow")


def _not_measured(study: Measured) -> list[str]:
    """Name the metrics of which the study holds no value at all."""
    return [str(metric) for metric in study.values.columns if study.values[metric].isna().all()]


def _table(table: PublishedTable, *first: str) -> Table:
    shown = Table(box=None, pad_edge=False, header_style="bold")
    shown.add_column(first[0], overflow="fold")
    for name in first[1:]:
        shown.add_column(name, no_wrap=True)
    for metric in table.values.columns:
        shown.add_column(HEADINGS[metric], justify="right", no_wrap=True)
    return shown


def _number(value: float, metric: str) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}" if "recall_at_" in metric else f"{value:.2f}"


def _values_table(table: PublishedTable, values: Sequence[Value], n: int) -> Table:
    shown = _table(table, "row", "")
    for row in table.values.index:
        cells = [value for value in values if value.row == row]
        shown.add_row(row, "thesis", *(_number(cell.published, cell.metric) for cell in cells), style="dim")
        most = max(cell.measured.n for cell in cells)
        name = "here" if n == 1 else f"mean of {most}"
        shown.add_row("", name, *(_number(cell.measured.mean, cell.metric) for cell in cells))
        if n > 1:
            shown.add_row("", "± s.e.", *(_error(cell) for cell in cells))
    return shown


def _error(cell: Value) -> str:
    error = cell.measured.error
    return "-" if math.isnan(error) else f"{error:.2f}" if "recall_at_" in cell.metric else f"{error:.3f}"


def _effects_table(table: PublishedTable, effects: Sequence[Effect], reference: str) -> Table:
    shown = _table(table, f"against {reference}")
    for row in dict.fromkeys(effect.row for effect in effects):
        cells = [effect for effect in effects if effect.row == row]
        shown.add_row(row, *(_mark(cell) for cell in cells))
        if max(cell.measured.n for cell in cells) > 1:
            shown.add_row("  change", *(_signed(cell) for cell in cells))
            shown.add_row("  ± 95 %", *(_half(cell) for cell in cells))
    shown.add_row("agree", *(count([one for one in effects if one.metric == metric]).partition(" (")[0]
                             for metric in table.values.columns), style="bold")  # fmt: skip
    return shown


def _signed(effect: Effect) -> str:
    mean = effect.measured.mean
    return "-" if math.isnan(mean) else f"{mean:+.1f}" if "recall_at_" in effect.metric else f"{mean:+.2f}"


def _half(effect: Effect) -> str:
    half = (effect.measured.high - effect.measured.low) / 2
    return "-" if math.isnan(half) else f"{half:.1f}" if "recall_at_" in effect.metric else f"{half:.2f}"


def _mark(effect: Effect) -> str:
    there, here = effect.directions
    return f"{ARROWS[there]}{ARROWS[here]} {MARKS[effect.agrees]:>3}"


def comparison(
    table: PublishedTable, studies: Sequence[Measured], values: Sequence[Value], effects: Sequence[Effect]
) -> pd.DataFrame:
    """Build the table that ``--csv`` writes: a row for each row and metric of the thesis's table."""
    by_key = {(effect.row, effect.metric, effect.reference): effect for effect in effects}
    rows = []
    for value in values:
        row = {
            "table": table.number, "profile": studies[0].about["profile"], "row": value.row, "terms": ROWS[value.row],
            "metric": value.metric, "published": value.published, "measured": value.measured.mean,
            "standard_error": value.measured.error, "n": value.measured.n,
        }  # fmt: skip
        for reference in REFERENCES:
            effect = by_key.get((value.row, value.metric, reference))
            row |= {
                f"published_change_{reference}": effect.published if effect else None,
                f"change_{reference}": effect.measured.mean if effect else None,
                f"change_{reference}_standard_error": effect.measured.error if effect else None,
                f"change_{reference}_low": effect.measured.low if effect else None,
                f"change_{reference}_high": effect.measured.high if effect else None,
                f"change_{reference}_n": effect.measured.n if effect else None,
                f"agrees_{reference}": effect.agrees if effect else None,
            }
        rows.append(row)
    built: pd.DataFrame = pd.DataFrame(rows)
    return built
