"""Question: how long does the sphere explorer take to answer each of its controls, at 500 samples?

Command: python -m benchmarks.explorer [--samples 500 --dimension 3]  (a minute on 2 cores)
         python -m benchmarks.explorer --dimension 768
Expected: below 200 ms for every control, in three dimensions. Each control is moved to another place in every round, so
that nothing is answered from memory, and all that a browser would ask for then is asked for, one request after
another: a browser asks side by side. CPU time is what is left of it on a machine that does nothing else. Drawing in the
browser is not counted.
"""

import argparse
import time
from collections.abc import Iterator
from itertools import count, cycle
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from study.explore.app import make_app
from study.explore.sphere.controls import CLOUD, LOSS, SLIDERS, start
from study.explore.sphere.measures import QUANTITIES
from study.explore.sphere.presets import TABLE_COLUMNS, losses
from study.explore.sphere.sweep import VARIABLES

ROUNDS = 7


class Browser:
    """Asks what a browser asks when a control has moved."""

    def __init__(self, samples: int, dimension: int) -> None:
        self._client = make_app([]).server.test_client()
        known = self._client.get("/_dash-dependencies").get_json()
        self._callbacks = [one for one in known if not one["clientside_function"] and "sphere" in one["output"]]
        settings = {
            **start(),
            "samples": SLIDERS["samples"].place(samples),
            "dimension": SLIDERS["dimension"].place(dimension),
        }
        self._version = 0
        self._settings = {f"sphere-{name}.value": value for name, value in settings.items()}
        self._rest: dict[str, Any] = {
            "sphere-asked.data": None,
            "sphere-step.data": {"step": 0, "at": 0},
            "sphere-steps.value": SLIDERS["steps"].place(SLIDERS["steps"].start),
            "sphere-lines.value": [],
            "sphere-quantity.value": "modality_gap",
            "sphere-variable.value": "theta",
            "sphere-preset.value": None,
            "sphere-loss.value": None,
            "sphere-fresh.n_clicks": 1,
        }
        self._changed({})

    def move(self, control: str, value: Any) -> tuple[int, float, float]:
        """Set a control; gives how many requests follow, the seconds until all are answered, and those of computing."""
        began, computed, requests, changed = time.perf_counter(), time.process_time(), 0, {control: value}
        while changed:
            moved = self._changed(changed)
            asked = [one for one in self._callbacks if moved & {_name(part) for part in one["inputs"]}]
            requests, changed = requests + len(asked), self._ask(asked, sorted(moved))
        return requests, time.perf_counter() - began, time.process_time() - computed

    def _changed(self, changed: dict[str, Any]) -> set[str]:
        """Take over what has changed; as in assets/sphere.js, other settings are asked for together."""
        moved = set(changed) - set(self._settings)
        if moved != set(changed) or self._rest["sphere-asked.data"] is None:
            self._settings |= {name: value for name, value in changed.items() if name in self._settings}
            settings = {name[len("sphere-") : -len(".value")]: value for name, value in self._settings.items()}
            self._version += 1
            self._rest["sphere-asked.data"] = {"version": self._version, "settings": settings, "at": 0}
            moved.add("sphere-asked.data")
        self._rest |= {name: value for name, value in changed.items() if name in self._rest}
        return moved

    def _ask(self, asked: list[dict[str, Any]], moved: list[str]) -> dict[str, Any]:
        """Ask for these callbacks; gives the other controls that they move."""
        moved_on: dict[str, Any] = {}
        for callback in asked:
            with self._client.post("/_dash-update-component", json=self._body(callback, moved)) as answer:
                assert answer.status_code == 200, answer.get_data(as_text=True)
                for identity, properties in answer.get_json()["response"].items():
                    moved_on |= {f"{identity}.{name.split('@')[0]}": value for name, value in properties.items()}
        return {name: value for name, value in moved_on.items() if name in self._settings or name in self._rest}

    def _body(self, callback: dict[str, Any], moved: list[str]) -> dict[str, Any]:
        names = [part.rpartition(".") for part in callback["output"].strip(".").split("...")]
        outputs = [{"id": identity, "property": name} for identity, _, name in names]
        inputs = [{**one, "value": self._rest[_name(one)]} for one in callback["inputs"]]
        several = callback["output"].startswith("..")
        return {
            "output": callback["output"],
            "outputs": outputs if several else outputs[0],
            "inputs": inputs,
            "changedPropIds": moved,
        }


def _name(part: dict[str, str]) -> str:
    return f"{part['id']}.{part['property']}"


def moves(samples: int, dimension: int) -> dict[str, Iterator[Any]]:
    """Give for every control the values that it is moved to; what sets the size moves between the size and others."""
    numbers = {
        f"sphere-{name}.value": cycle(range(len(SLIDERS[name].values)))
        for name in (*CLOUD, *LOSS, "rate", "steps")
        if name not in ("samples", "dimension")
    }
    places = {name: SLIDERS[name].place(value) for name, value in (("samples", samples), ("dimension", dimension))}
    return {
        **{f"sphere-{name}.value": cycle([place - 1, place]) for name, place in places.items()},
        **numbers,
        "sphere-seed.value": count(1),
        "sphere-fresh.n_clicks": count(1),
        **{f"sphere-weight-{name}.value": cycle([0.5, 1.0, 2.0, 0.0]) for name in ("ce", "m2_mix", "uniform")},
        "sphere-lines.value": cycle([["lines between pairs"], []]),
        "sphere-quantity.value": cycle(QUANTITIES),
        "sphere-variable.value": cycle(VARIABLES),
        "sphere-preset.value": cycle(TABLE_COLUMNS),
        "sphere-loss.value": cycle(losses()),
        "sphere-step.data": ({"step": step, "at": 0} for step in count(1)),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.explorer", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=int, default=500)
    parser.add_argument("--dimension", type=int, default=3)
    arguments = parser.parse_args()
    table = Table(title=f"{arguments.samples} samples of each, d = {arguments.dimension}", box=None)
    for column in ("control", "requests", "median ms", "slowest ms", "median CPU ms"):
        table.add_column(column, justify="left" if column == "control" else "right")
    for control, values in moves(arguments.samples, arguments.dimension).items():
        browser = Browser(arguments.samples, arguments.dimension)
        rounds = ROUNDS if control != "sphere-quantity.value" else len(QUANTITIES)
        browser.move("sphere-theta.value", 61)
        answers = [browser.move(control, next(values)) for _ in range(rounds)]
        taken, computed = (np.array([answer[k] for answer in answers]) * 1e3 for k in (1, 2))
        figures = (np.median(taken), taken.max(), np.median(computed))
        table.add_row(control, str(answers[0][0]), *(f"{figure:.0f}" for figure in figures))
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
