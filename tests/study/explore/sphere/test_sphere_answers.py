"""The page of the sphere: every control has a label and an answer at each of its ends."""

import json
import math
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go
import pytest
from dash.development.base_component import Component

from gap.geometry.tables import TABLES
from gap.losses import TERMS
from study.explore.app import make_app
from study.explore.sphere import callbacks, presets
from study.explore.sphere.clouds import Cloud, draw
from study.explore.sphere.controls import CLOUD, LOSS, SLIDERS, Slider, read_cloud, read_loss, start
from study.explore.sphere.measures import MEASURES, QUANTITIES, TOTAL, Loss, measure
from study.explore.sphere.published import VARIABLES as TABLE_VARIABLES
from study.explore.sphere.published import printed, tables_with
from study.explore.sphere.sweep import VARIABLES, draw_sweep, sweep
from study.explore.sphere.values import show
from study.explore.sphere.view import draw_points
from study.explore.sphere_page import layout

STEPS = SLIDERS["steps"].place(10)
DRAWN = {"step": 0, "at": 0}


def setting(**changed: Any) -> dict[str, Any]:
    names = {name.replace("_", "-"): value for name, value in changed.items()}
    return {**start(), "samples": SLIDERS["samples"].place(20), **names}


def alone(*terms: str) -> dict[str, Any]:
    return {f"weight-{name}": float(name in terms) for name in TERMS}


def asked(settings: dict[str, Any]) -> dict[str, Any]:
    return {"version": 4, "settings": settings, "at": 0}


def at(step: int) -> dict[str, int]:
    return {"step": step, "at": 0}


def walk(component: Any) -> Iterator[Component]:
    if isinstance(component, Component):
        yield component
        children = getattr(component, "children", None)
        for child in children if isinstance(children, list) else [children]:
            yield from walk(child)


def test_every_control_has_a_label_and_ids_are_unique() -> None:
    parts = list(walk(layout([])))
    identities = [part.id for part in parts if getattr(part, "id", None)]
    assert len(identities) == len(set(identities))
    labels = {part.htmlFor for part in parts if type(part).__name__ == "Label"}
    fields = {part.id for part in parts if type(part).__name__ in ("Input", "Dropdown")}
    assert fields == labels
    assert {f"sphere-{name}" for name in SLIDERS} | {f"sphere-weight-{name}" for name in TERMS} <= fields
    assert {
        "sphere-samples", "sphere-seed", "sphere-theta", "sphere-kappa-image", "sphere-kappa-text", "sphere-alpha",
        "sphere-beta", "sphere-dimension", "sphere-pairs", "sphere-view", "sphere-values", "sphere-sweep",
        "sphere-descend",
    } <= set(identities)  # fmt: skip


def test_every_term_and_metric_has_its_cells() -> None:
    identities = {part.id for part in walk(layout([])) if getattr(part, "id", None)}
    for name in QUANTITIES:
        assert {f"sphere-value-{name}", f"sphere-expected-{name}"} <= identities
    values, expected, missing, step = callbacks.show_terms(asked(setting()), DRAWN)
    assert (len(values), len(expected), missing, step) == (len(TERMS) + 1, len(TERMS) + 1, "", [4, 0])
    x, y = draw(read_cloud(setting()))
    for name, shown in zip((*TERMS, TOTAL), values, strict=True):
        assert float(shown.replace(",", "")) == pytest.approx(measure(name, x, y, read_loss(setting())), rel=6e-3), name
    values, expected, _ = callbacks.show_metrics(asked(setting()), DRAWN)
    assert len(values) == len(expected) == len(MEASURES)


def all_finite(figure: go.Figure) -> bool:
    text = figure.to_json()
    return json.loads(text) is not None and "Infinity" not in text and "NaN" not in text


@pytest.mark.parametrize("name", [*CLOUD, *LOSS])
@pytest.mark.parametrize("end", ["first", "last"])
def test_every_slider_answers_at_its_ends(name: str, end: str) -> None:
    place = 0 if end == "first" else len(SLIDERS[name].values) - 1
    settings = {**setting(), name: place}
    figure, progress, sentence, message, step = callbacks.show_points(asked(settings), at(1), STEPS, ["lines"])
    assert (message, step) == ("", [4, 1])
    assert "nan" not in sentence
    assert all_finite(figure)
    assert all_finite(progress)
    values = callbacks.show_terms(asked(settings), at(1))[0] + callbacks.show_metrics(asked(settings), DRAWN)[0]
    assert not {"nan", "inf", "-inf"} & set(values)
    missing = {name for name, value in zip((*TERMS, TOTAL, *MEASURES), values, strict=True) if value == show(None)}
    assert bool(missing) == (name == "samples" and end == "first")
    assert all_finite(draw_sweep("uniformity", "theta", read_cloud(settings), read_loss(settings)))


def test_one_sample_gets_words() -> None:
    settings = {**setting(samples=0), **alone("uniform")}
    message = callbacks.show_points(asked(settings), at(1), STEPS, [])[3]
    assert message == "uniformity needs at least 2 rows, got 1"
    assert "variance needs at least 2 pairs, got 1" in callbacks.show_terms(asked(settings), DRAWN)[2]
    figure = draw_sweep("uniform", "theta", read_cloud(settings), read_loss(settings))
    assert figure.layout.annotations[0].text == "uniformity needs at least 2 rows, got 1"


def test_no_weight_gets_words_and_the_draw() -> None:
    settings = {**setting(), **dict.fromkeys(alone())}
    _, _, sentence, message, _ = callbacks.show_points(asked(settings), at(5), STEPS, [])
    assert message == "no term has a weight: there is nothing to descend"
    assert "as drawn" in sentence


@pytest.mark.parametrize("typed", [None, "", "abc", float("nan"), 10**400, -5, "12"])
def test_what_is_typed_cannot_break_the_page(typed: Any) -> None:
    settings = dict.fromkeys(setting(), typed)
    cloud, loss = read_cloud(settings), read_loss(settings)
    assert 0 <= cloud.seed <= 10**6
    assert cloud.theta in SLIDERS["theta"].values
    assert all(math.isfinite(weight) for _, weight in loss.weights)


def test_moved_points_have_no_expectation() -> None:
    assert set(callbacks.show_metrics(asked(setting()), at(3))[1]) == {show(None)}
    assert set(callbacks.show_metrics(asked(setting()), DRAWN)[1]) != {show(None)}


@pytest.mark.parametrize("variable", VARIABLES)
@pytest.mark.parametrize("quantity", QUANTITIES)
def test_a_sweep_is_the_quantity_at_every_value(quantity: str, variable: str) -> None:
    cloud, loss = Cloud(samples=8), Loss((("ce", 1.0),))
    values, exact = sweep(quantity, variable, cloud, loss)
    varied = VARIABLES[variable]
    assert len(values) == len(exact) == len(varied.values)
    for k in (0, -1):
        assert values[k] == measure(quantity, *draw(varied.at(cloud, varied.values[k])), loss)
        assert varied.now(varied.at(cloud, varied.values[k])) == varied.values[k]


@pytest.mark.parametrize("chosen", presets.TABLE_COLUMNS)
def test_a_table_of_the_thesis_lies_over_its_curve(chosen: str) -> None:
    table, quantity = presets.TABLE_COLUMNS[chosen]
    sliders, weights, swept, variable = callbacks.choose_table(chosen)
    settings = {
        **setting(),
        **dict(zip((*CLOUD, *LOSS), sliders, strict=True)),
        **dict(zip(alone(), weights, strict=True)),
    }
    cloud, loss = read_cloud(settings), read_loss(settings)
    assert (cloud.samples, cloud.dimension, swept, variable) == (TABLES[table].n, 3, quantity, TABLE_VARIABLES[table])
    figure = draw_sweep(swept, variable, cloud, loss)
    over = [trace for trace in figure.data if trace.name.startswith("thesis")]
    assert [trace.name.split(":")[0].removeprefix("thesis, table ") for trace in over].count(
        table.replace("_", ".")
    ) == 1


def test_printed_figures_are_of_three_dimensions() -> None:
    figure = draw_sweep("modality_gap", "theta", Cloud(samples=5, dimension=4), Loss())
    assert not [trace for trace in figure.data if trace.name.startswith("thesis")]


def test_printed_figures_are_read_as_they_are() -> None:
    assert tables_with("modality_gap", "theta", set()) == [("5_2", "modality_gap")]
    assert tables_with("modality_gap", "kappa", set()) == []
    assert tables_with(TOTAL, "kappa", {"ce"}) == []
    assert printed("5_3", "variance") == ([0.0, 45.0, 90.0, 180.0], [0.0, -8.13e-3, -1.63e-2, 0.0])


def test_losses_set_their_weights() -> None:
    assert callbacks.choose_loss("variance alone") == [float(name == "variance") for name in TERMS]
    assert callbacks.choose_loss("ce + variance") == [float(name in ("ce", "variance")) for name in TERMS]
    for chosen in presets.losses():
        assert sum(callbacks.choose_loss(chosen)) in (1.0, 2.0)


def test_the_view_has_both_clouds_apart_by_colour_and_shape() -> None:
    x, y = draw(Cloud(samples=7, dimension=16))
    figure = draw_points(x, y, lines=True)
    images, texts = (next(trace for trace in figure.data if trace.name == name) for name in ("images", "texts"))
    assert len(images.x) == len(texts.x) == 7
    assert images.marker.color != texts.marker.color
    assert images.marker.symbol != texts.marker.symbol
    gap = next(trace for trace in figure.data if trace.name == "gap")
    assert gap.z[0] == pytest.approx(x[:, 0].mean().item(), abs=1e-6)
    assert gap.x[1] == pytest.approx(y[:, 1].mean().item(), abs=1e-6)
    assert len(next(trace for trace in figure.data if trace.name == "pairs").x) == 21


def test_sliders_hold_their_start_and_forgive() -> None:
    for control in SLIDERS.values():
        assert control.start in control.values
        assert list(control.values) == sorted(set(control.values))
    assert Slider("", (1, 2), 2).value("1") == 2
    assert Slider("", (1, 2), 2).value(99) == 2
    assert Slider("", (1, 2), 2).value(None) == 2


def test_the_callbacks_answer_over_http() -> None:
    client = make_app([]).server.test_client()
    known = client.get("/_dash-dependencies").get_json()
    sweeps = next(one for one in known if "sphere-sweep.figure" in one["output"])
    values = {
        "sphere-quantity.value": "uniformity",
        "sphere-variable.value": "kappa",
        "sphere-asked.data": asked(setting()),
    }
    body = {
        "output": sweeps["output"],
        "outputs": [
            {"id": "sphere-sweep", "property": "figure"},
            {"id": "sphere-shown-sweep", "property": "data"},
        ],
        "inputs": [{**one, "value": values[f"{one['id']}.{one['property']}"]} for one in sweeps["inputs"]],
        "changedPropIds": [],
    }
    with client.post("/_dash-update-component", json=body) as answer:
        assert answer.status_code == 200
        response = answer.get_json()["response"]
    names = [trace["name"] for trace in response["sphere-sweep"]["figure"]["data"]]
    assert names == ["this draw", "expected", "thesis, table 5.1: n = 50, θ = 0°"]
    assert response["sphere-shown-sweep"]["data"] == [4]
