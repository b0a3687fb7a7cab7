"""What one can set on the page of the sphere: every slider steps through values that are listed here."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from gap.losses import TERMS
from study.explore.sphere.clouds import Cloud
from study.explore.sphere.measures import Loss

LARGEST_SEED, LARGEST_WEIGHT = 10**6, 1000.0


@dataclass(frozen=True)
class Slider:
    """A slider over ``values``; ``start`` is one of them."""

    words: str
    values: tuple[float, ...]
    start: float
    unit: str = ""

    def value(self, place: Any) -> float:
        """Give the value at a place of the slider; the start where a browser sends none."""
        try:
            return float(self.values[min(max(int(place), 0), len(self.values) - 1)])
        except (TypeError, ValueError, OverflowError):
            return float(self.start)

    def place(self, value: float) -> int:
        """Give the place of the value that is nearest.

        >>> Slider("", (1, 10, 100), 1).place(40)
        1
        """
        return min(range(len(self.values)), key=lambda place: abs(self.values[place] - value))


_KAPPAS = (0, *(digit * 10**power for power in range(4) for digit in (1, 1.5, 2, 3, 5, 7)), 10_000, 100_000)
SLIDERS: dict[str, Slider] = {
    "samples": Slider("samples of each", (1, 2, 3, 5, 10, 20, 50, 90, 100, 150, 200, 300, 500, 700, 1000), 200),
    "dimension": Slider("dimension d", (3, 4, 6, 8, 16, 32, 64, 128, 256, 512, 768), 3),
    "theta": Slider("angle θ between the means", tuple(range(181)), 60, "°"),
    "kappa-image": Slider("concentration κ of images", _KAPPAS, 50),
    "kappa-text": Slider("concentration κ of texts", _KAPPAS, 50),
    "pairs": Slider("strength of the pairs", tuple(k / 20 for k in range(21)), 0),
    "alpha": Slider("α, weight of a pair's own cell", tuple(k / 10 for k in range(21)), 1),
    "beta": Slider("β, sign and weight of the variance", tuple(k / 10 for k in range(-20, 21)), 1),
    "scale": Slider("logit scale", (1, 2, 3, 5, 7, 10, 14.3, 20, 30, 50, 100), 10),
    "rate": Slider("learning rate", (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5), 0.05),
    "steps": Slider("steps", (10, 20, 50, 100, 150, 200, 300, 500, 1000), 150),
}
CLOUD = ("samples", "dimension", "theta", "kappa-image", "kappa-text", "pairs")
LOSS = ("alpha", "beta", "scale")


def slider(name: str) -> Component:
    """Draw a slider under its label, which says its value; arrow keys move it."""
    control = SLIDERS[name]
    identity = f"sphere-{name}"
    words = html.Label([control.words, " ", html.B(id=f"{identity}-shown")], htmlFor=identity)
    last = len(control.values) - 1
    box = dcc.Input(id=identity, type="range", min=0, max=last, step=1, value=control.place(control.start))
    return html.Div([words, box], className="field slider")


def show_values(app: Dash) -> None:
    """Keep what the labels say at what the sliders are at, without asking the server."""
    for name, control in SLIDERS.items():
        words = json.dumps([f"{value:,g}{control.unit}" for value in control.values])
        app.clientside_callback(
            f"function (place) {{ return {words}[Number(place)]; }}",
            Output(f"sphere-{name}-shown", "children"),
            Input(f"sphere-{name}", "value"),
        )


def start() -> dict[str, float]:
    """Give the settings that the page begins with, by name, as the browser gives them: places on sliders, numbers."""
    sliders = {name: SLIDERS[name].place(SLIDERS[name].start) for name in (*CLOUD, *LOSS, "rate")}
    weights = dict(Loss().weights)
    return {"seed": 0, **sliders, **{f"weight-{name}": weights.get(name, 0) for name in TERMS}}


def read_cloud(settings: Mapping[str, Any]) -> Cloud:
    """Read the draw from the settings."""
    values = {name: SLIDERS[name].value(settings[name]) for name in CLOUD}
    return Cloud(
        samples=int(values["samples"]),
        seed=int(_number(settings["seed"], 0, LARGEST_SEED)),
        dimension=int(values["dimension"]),
        theta=values["theta"],
        kappa_image=values["kappa-image"],
        kappa_text=values["kappa-text"],
        pairs=values["pairs"],
    )


def read_loss(settings: Mapping[str, Any]) -> Loss:
    """Read the loss from the settings; a term without a weight is left out."""
    weights = {name: _number(settings[f"weight-{name}"], -LARGEST_WEIGHT, LARGEST_WEIGHT) for name in TERMS}
    alpha, beta, scale = (SLIDERS[name].value(settings[name]) for name in LOSS)
    return Loss(tuple((name, weight) for name, weight in weights.items() if weight), alpha, beta, scale)


def _number(typed: Any, low: float, high: float) -> float:
    """Read a number; 0 for what is none, as a field is while one types."""
    try:
        return min(max(float(typed), low), high) if float(typed) == float(typed) else 0.0
    except (TypeError, ValueError, OverflowError):
        return 0.0
