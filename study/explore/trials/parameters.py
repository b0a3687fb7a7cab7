"""The objectives and parameters of the chosen trials, side by side."""

from collections.abc import Mapping, Sequence
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
    columns = _columns(trials)
    rows = [_row("state", [_state(one) if one else "" for one, _ in columns])]
    rows += [_row(label(name), [_cell(values.get(name)) for _, values in columns]) for name in objectives]
    others = [name for name in (*searched, *ABOUT) if any(_cell(one.row.get(name)) for one in trials)]
    rows += [_row(label(name), [_cell(one.row.get(name)) if one else "" for one, _ in columns]) for name in others]
    before = iter(dict.fromkeys(f"before training · {one.snapshot.name}" for one in trials))
    head = ["", *(one.name if one else next(before) for one, _ in columns)]
    return html.Div(
        html.Table(
            [
                html.Caption(
                    "Objectives after the epoch that counts, of a trial that runs or was stopped after its latest; "
                    "parameters that a trial has no use for are empty."
                ),
                html.Thead(html.Tr([html.Th(words, scope="col") for words in head])),
                html.Tbody(rows),
            ]
        ),
        className="scroll",
    )


def _columns(trials: Sequence[Chosen]) -> list[tuple[Chosen | None, Mapping[Any, Any]]]:
    """List what stands in the table's columns, and its values: each trial after its study's model before training.

    The model that two trials share stands there once.
    """
    columns: list[tuple[Chosen | None, Mapping[Any, Any]]] = []
    for one in trials:
        baseline = one.snapshot.study.baseline
        columns += [(None, baseline)] if all(values is not baseline for _, values in columns) else []
        columns.append((one, one.row))
    return columns


def _row(name: str, cells: Sequence[str]) -> Component:
    return html.Tr([html.Th(name, scope="row"), *(html.Td(cell) for cell in cells)])


def _cell(value: Any) -> str:
    return "" if value is None or pd.isna(value) else brief(value)


def _state(one: Chosen) -> str:
    epoch = f"epoch {int(one.row['epoch'])}" if not pd.isna(one.row.get("epoch")) else ""
    on_front = "on the front" if one.trial in set(one.snapshot.study.front["trial_id"]) else ""
    state = STATES.get(str(one.row["state"]), "complete")
    return ", ".join(part for part in (state, on_front, epoch) if part)
