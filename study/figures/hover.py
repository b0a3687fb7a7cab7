"""Texts that Plotly shows: it takes some HTML, and names, terms and captions may hold any."""

import html
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from study.figures.palette import label
from study.words import brief

WIDTH = 60


def plain(text: str, width: int = WIDTH) -> str:
    """Write a text so that Plotly shows it letter by letter, broken into lines of ``width``.

    Quotes stay: Plotly would show their entities as they are.

    >>> plain("a <b>bold</b> 'caption'")
    "a &lt;b&gt;bold&lt;/b&gt; 'caption'"
    """
    return "<br>".join(html.escape(line, quote=False) for line in textwrap.wrap(text, width))


def describe(title: str, row: Mapping[Any, Any], names: Iterable[str]) -> str:
    """Write a row's values under a title, leaving out those that it has not.

    >>> describe("t003", {"modality_gap": 0.41234, "terms": "ce+variance", "beta": float("nan")},
    ...          ["modality_gap", "terms", "beta"])
    '<b>t003</b><br>modality gap: 0.4123<br>terms: ce+variance'
    """
    values = {name: row.get(name) for name in names}
    lines = [plain(f"{label(name)}: {brief(value)}") for name, value in values.items() if not pd.isna(value)]
    return "<br>".join([f"<b>{plain(title)}</b>", *lines])
