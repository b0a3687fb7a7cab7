"""The objectives and parameters of the chosen trials, side by side."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from study.explore.trials.choice import STATES, Chosen
from study.figures.palette import label
from study.words import brief

ABOUT = ("last_epoch", "train_seconds", "peak_memory_gb", "trained_parameters", "note", "error")


def parameters_table(trials: Sequence[Chosen]) -> Component:
    """Draw a table: a row an objective, parameter or setting, a column a trial, before training the first."""
    if not trials:
        return html.P("Choose a trial: click a point of the front, or take one from the list.", className="note")
    objectives = list(dict.fromkeys(name for one in trials for name in one.snapshot.study.objectives))
    searched = list(dict.fromkeys(name for one in trials for name in one.snapshot.study.searched))
    searched = ["terms", *(name for name in searched if name != "terms")]
    baselines = [one.snapshot.study.baseline for one in trials]
    shared = all(baseline == baselines[0] for baseline in baselines)
    head = ["", *(["before training"] if shared else []), *(one.name for one in trials)]
    rows = [_row("state", [""] * shared + [_state(one) for one in trials])]
    rows += [_row(label(name), [_cell(baselines[0].get(name))] * shared + _cells(trials, name)) for name in objectives]
    rows += [_row(label(name), [""] * shared + _cells(trials, name)) for name in searched if _any(trials, name)]
    rows += [_row(label(name), [""] * shared + _cells(trials, name)) for name in ABOUT if _any(trials, name)]
    return html.Div(
        html.Table(
            [
                html.Caption(
                    "Objectives after the epoch that counts; parameters that a trial has no use for are empty."
                ),
                html.Thead(html.Tr([html.Th(words, scope="col") for words in head])),
                html.Tbody(rows),
            ]
        ),
        className="scroll",
    )


def _row(name: str, cells: Sequence[str]) -> Component:
    return html.Tr([html.Th(name, scope="row"), *(html.Td(cell) for cell in cells)])


def _cells(trials: Sequence[Chosen], name: str) -> list[str]:
    return [_cell(one.row.get(name)) for one in trials]


def _cell(value: Any) -> str:
    return "" if value is None or pd.isna(value) else brief(value)


def _any(trials: Sequence[Chosen], name: str) -> bool:
    return any(_cells(trials, name))


def _state(one: Chosen) -> str:
    epoch = f"epoch {int(one.row['epoch'])}" if not pd.isna(one.row.get("epoch")) else ""
    on_front = "on the front" if one.trial in set(one.snapshot.study.front["trial_id"]) else ""
    state = STATES.get(str(one.row["state"]), "complete")
    return ", ".join(part for part in (state, on_front, epoch) if part)
