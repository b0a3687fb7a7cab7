"""Where the figures come from, and what it takes to have them again."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from study.provenance import now
from study.reporting.collect import Collected
from study.reporting.page import cell
from study.reporting.section import Facts, Fold, Piece, Section

PLOTLY = "Charts are drawn by plotly.js, MIT licence, copyright Plotly, Inc.; it is part of this file."


def provenance(study: Collected) -> Section:
    """Say with which code, machine and data the study ran, when, and by which command."""
    about = study.finished.about
    data, runs = dict(about.get("data") or {}), list(about.get("runs") or [])
    licence = data.pop("licence", None)
    for name in ("path", "remarks"):  # where it lay on that machine helps nobody; remarks stand at the top
        data.pop(name, None)
    reading, chance = data.pop("reading", None) or {}, data.pop("chance", None) or {}
    commands = {
        f"Command {number}" if len(runs) > 1 else "Command": _command(run) for number, run in enumerate(runs, 1)
    }
    when = {
        "Began": about.get("started"),
        "Ended": about.get("ended"),
        "Why it ended": about.get("reason"),
        "This page written": now(),
        "Profile": about.get("profile"),
        "Search space": about.get("space"),
        "Commit": about.get("git_commit"),
    }
    pieces: list[Facts | Fold] = [
        Facts("The study", _texts({**when, **commands})),
        Facts("Weights", _weights(about.get("weights") or {})),
        Facts("Data", _texts(data)),
        Facts("Captions as the model reads them", _texts(reading)),
        Facts("What a random ranking reaches, in %", {name: cell(value) for name, value in chance.items()}),
        Facts("Machine", _texts(about.get("hardware") or {})),
        Facts("Versions", _texts(about.get("versions") or {})),
        Fold("The whole configuration", json.dumps(about.get("spec"), indent=2, ensure_ascii=False)),
    ]
    licences = [f"Data: {licence}"] if licence else ["The study does not say under which licence its data are."]
    shown: list[Piece] = [piece for piece in pieces if not isinstance(piece, Facts) or piece.facts]
    return Section("Provenance", [*licences, PLOTLY], shown)


def _command(run: Mapping[str, Any]) -> str:
    return f"python {shlex.join(str(part) for part in run.get('command', ()))} ({run.get('started', 'no date')})"


def _weights(about: Mapping[str, Any]) -> dict[str, str]:
    """Say which weights the model began with, how they were read, and what tells it."""
    notes = "; ".join(map(str, about.get("notes") or ())) or None
    return _texts({**{name: about.get(name) for name in ("weights", "sha256", "read_as")}, "notes": notes})


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name).replace("_", " "): str(value) for name, value in values.items() if value is not None}
