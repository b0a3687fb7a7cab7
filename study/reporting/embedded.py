"""Figures as JSON inside a page: few digits, and nothing that ends the element around it."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

DIGITS = 5


def safe_json(content: Any) -> str:
    """Write JSON that can stand in a ``<script>`` element whatever its texts say.

    >>> safe_json({"caption": "</script><b>"})
    '{"caption":"\\\\u003c/script\\\\u003e\\\\u003cb\\\\u003e"}'
    """
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").translate(LINE_ENDS)


# JSON allows them in strings, JavaScript did not always.
LINE_ENDS = {0x2028: "\\u2028", 0x2029: "\\u2029"}


def plain_figure(figure: go.Figure | Mapping[str, Any]) -> dict[str, Any]:
    """Give a figure's data and layout as JSON values, without its template: the page has one for light, one for dark.

    Numbers keep 5 significant digits, more than a picture shows; what is not finite becomes null, a gap in a line.

    >>> plain_figure(go.Figure(go.Scatter(x=[1.23456789], y=[float("nan")], mode="markers")))["data"]
    [{'mode': 'markers', 'x': [1.2346], 'y': [None], 'type': 'scatter'}]
    """
    whole = figure.to_plotly_json() if isinstance(figure, go.Figure) else figure
    layout = {name: value for name, value in whole["layout"].items() if name != "template"}
    return {"data": _plain(whole["data"]), "layout": _plain(layout)}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_plain(inner) for inner in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float):
        return _rounded(value)
    return value


def _rounded(value: float) -> float | int | None:
    if not math.isfinite(value):
        return None
    short = float(f"{value:.{DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short
