"""Which trials are looked at: what lists offer, what a click means, what a choice names."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from study.choice import knee
from study.explore.trials.snapshot import Row, Snapshot
from study.words import brief

STATES = {"STOPPED": "stopped early", "FAIL": "failed", "RUNNING": "running"}


@dataclass(frozen=True)
class Chosen:
    """A trial that is looked at, with its study, and the letter that stands for it on the page."""

    letter: str
    snapshot: Snapshot
    trial: str
    row: Row

    @property
    def name(self) -> str:
        """What the trial is called beside another one."""
        return f"{self.letter} · {self.snapshot.name} · {self.trial}"


def options(shots: Sequence[Snapshot]) -> list[dict[str, str]]:
    """List all trials; with several studies, each under its study's name."""
    return [
        {"label": _label(shot, trial, many=len(shots) > 1), "value": f"{number}:{trial}"}
        for number, shot in enumerate(shots)
        for trial in shot.rows
    ]


def _label(shot: Snapshot, trial: str, *, many: bool) -> str:
    row = shot.rows[trial]
    parts = [shot.name] if many else []
    parts.append(trial)
    parts += [str(row["terms"])] if not pd.isna(row.get("terms")) else []
    values = (row.get(name) for name in shot.study.objectives)
    parts.append(" / ".join(brief(float(value)) for value in values if not pd.isna(value)))
    parts.append(STATES.get(str(row["state"]), ""))
    parts.append("front" if trial in set(shot.study.front["trial_id"]) else "")
    return " · ".join(part for part in parts if part)


def clicked(shots: Sequence[Snapshot], click: Any) -> str | None:
    """Say which trial a point stands for that was clicked; None for the model before training, or no trial's point."""
    try:
        name, trial = click["points"][0]["customdata"][:2]
    except (TypeError, KeyError, IndexError, ValueError):
        return None
    for number, shot in enumerate(shots):
        if shot.name == name and trial in shot.rows:
            return f"{number}:{trial}"
    return None


def first_choice(shots: Sequence[Snapshot]) -> str | None:
    """Choose what the page opens with: the knee of the first front there is, else the first trial."""
    for number, shot in enumerate(shots):
        if len(shot.study.front):
            return f"{number}:{knee(shot.study.front, shot.study.objectives)}"
    return next((str(option["value"]) for option in options(shots)), None)


def chosen(shots: Sequence[Snapshot], *values: str | None) -> list[Chosen]:
    """Look up choices, A first, then B; those that name no trial, or the same once more, are left out."""
    found: dict[str, Chosen] = {}
    for letter, value in zip("AB", values, strict=False):
        number, _, trial = (value or "").partition(":")
        shot = shots[int(number)] if number.isdecimal() and int(number) < len(shots) else None
        row = shot.rows.get(trial) if shot else None
        if value and shot is not None and row is not None and value not in found:
            found[value] = Chosen(letter, shot, trial, row)
    return list(found.values())
