"""The table of values: terms with their weights, their total, and metrics."""

from dash import dcc, html
from dash.development.base_component import Component

from gap.losses import TERMS
from gap.metrics import METRICS
from study.explore.sphere.measures import MEASURES, TOTAL, Loss
from study.figures.palette import label

NONE = "–"
HEADS = ("", "weight", "value", "expected")


def values_table() -> Component:
    """Draw the table, empty: every value has a cell of its own that is filled in later."""
    weights = dict(Loss().weights)
    terms = [_row(name, (TERMS[name].__doc__ or "").splitlines()[0], weights.get(name, 0)) for name in TERMS]
    metrics = [_row(name, METRICS[name].definition, None) for name in MEASURES]
    heads = html.Thead(html.Tr([html.Th(head, scope="col", className="number" * bool(head)) for head in HEADS]))
    total = html.Tbody([_row(TOTAL, "the weighted sum of the terms, which descent follows", None)], className="total")
    return html.Table(
        [
            html.Caption("Loss terms and metrics of the points as they are shown"),
            heads,
            html.Tbody(terms),
            total,
            html.Tbody(metrics),
        ],
        id="sphere-values",
    )


def words(name: str) -> str:
    """Write a metric in words, a term as it is called.

    >>> words("modality_gap"), words("cyclip_inter")
    ('modality gap', 'cyclip_inter')
    """
    return label(name) if name in MEASURES else name


def _row(name: str, meaning: str, weight: float | None) -> Component:
    cells = [html.Td(id=f"sphere-{kind}-{name}", className="number") for kind in ("value", "expected")]
    return html.Tr(
        [html.Th(words(name), scope="row", title=meaning), html.Td(_weight(name, weight), className="number"), *cells]
    )


def _weight(name: str, weight: float | None) -> Component | None:
    if weight is None:
        return None
    identity = f"sphere-weight-{name}"
    hidden = html.Label(f"weight of {name}", htmlFor=identity, className="unseen")
    return html.Span([hidden, dcc.Input(id=identity, type="number", value=weight, step="any", className="weight")])


def show(value: float | None) -> str:
    """Write a value for the table, to three digits.

    >>> show(0.000123456), show(None), show(6.5), show(953.2), show(12345.6)
    ('0.000123', '–', '6.50', '953', '12,346')
    """
    if value is None:
        return NONE
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:#.3g}".rstrip(".")
