"""The page: sections, styles, scripts and plotly.js in one file that asks nobody for anything."""

from collections.abc import Mapping
from pathlib import Path

import plotly.offline
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from study.figures.theme import DARK, LIGHT
from study.reporting.embedded import plain_figure, safe_json
from study.reporting.section import Chart, Section
from study.words import brief

HERE = Path(__file__).with_name("templates")


def render(title: str, lede: str, notices: list[str], sections: Mapping[str, Section]) -> str:
    """Write the page. Texts are escaped, whatever they hold."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["cell"] = cell
    charts = {
        piece.name: {choice: plain_figure(view.figure) for choice, view in piece.views.items()}
        for section in sections.values()
        for piece in section.pieces
        if isinstance(piece, Chart)
    }
    embedded = {
        "charts": charts,
        "templates": {"light": LIGHT.to_plotly_json(), "dark": DARK.to_plotly_json()},
    }
    return environment.get_template("page.html.j2").render(
        title=title,
        lede=lede,
        notices=notices,
        sections=sections,
        style=Markup((HERE / "page.css").read_text(encoding="utf-8")),
        script=Markup((HERE / "page.js").read_text(encoding="utf-8")),
        plotly=Markup(plotly.offline.get_plotlyjs() if charts else ""),
        figures=Markup(safe_json(embedded)),
    )


def cell(value: object) -> str:
    """Write a table's cell: four significant digits, nothing for None.

    >>> cell(0.123456), cell(None), cell("t000"), cell(1531)
    ('0.1235', '', 't000', '1531')
    """
    return brief(value)
