"""The sphere: two clouds of unit vectors, and what terms and metrics make of them."""

from collections.abc import Sequence
from pathlib import Path

from dash import Dash, html
from dash.development.base_component import Component

from study.explore.page import Page


def layout(studies: Sequence[Path]) -> Component:
    """Draw the page."""
    return html.H1("Sphere")


def register(app: Dash, studies: Sequence[Path]) -> None:
    """Add its callbacks."""


PAGE = Page("Sphere", layout, register, needs_study=False)
