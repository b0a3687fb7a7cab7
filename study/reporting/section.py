"""What a section of the report consists of; each piece names the template that shows it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import pandas as pd
import plotly.graph_objects as go


class Piece(Protocol):
    """Something that a section shows under its prose."""

    template: ClassVar[str]


@dataclass(frozen=True)
class Sheet:
    """A table; ``columns`` are in words, ``rows`` hold numbers and texts as they are, None where there is nothing."""

    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[object]]
    sortable: bool = False
    template: ClassVar[str] = "sheet.html.j2"


@dataclass(frozen=True)
class View:
    """One choice of a chart: its figure, or its ``data`` and ``layout``, and in a table what the figure shows."""

    figure: go.Figure | Mapping[str, Any]
    sheet: Sheet


@dataclass(frozen=True)
class Chart:
    """A figure of which readers choose between ``views``; with one view there is nothing to choose.

    ``name`` is unique on the page, ``alt`` says in a sentence what is drawn for those who do not see it. On a screen
    narrower than ``least`` pixels the figure scrolls sideways.
    """

    name: str
    caption: str
    alt: str
    views: Mapping[str, View]
    choice: str = "Trial"
    least: int = 0
    template: ClassVar[str] = "chart.html.j2"


@dataclass(frozen=True)
class Tile:
    """One figure that matters, with what it is."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Tiles:
    """Figures that matter, side by side."""

    tiles: Sequence[Tile]
    template: ClassVar[str] = "tiles.html.j2"


@dataclass(frozen=True)
class Prose:
    """Paragraphs after a piece."""

    paragraphs: Sequence[str]
    template: ClassVar[str] = "prose.html.j2"


@dataclass(frozen=True)
class Facts:
    """Names with their values."""

    title: str
    facts: Mapping[str, str]
    template: ClassVar[str] = "facts.html.j2"


@dataclass(frozen=True)
class Fold:
    """A long text that is there for those who open it."""

    title: str
    text: str
    template: ClassVar[str] = "fold.html.j2"


@dataclass(frozen=True)
class Section:
    """A part of the report under its own heading; ``prose`` are paragraphs of plain text."""

    title: str
    prose: Sequence[str] = ()
    pieces: Sequence[Piece] = ()


def sheet_of(table: pd.DataFrame, caption: str, *, sortable: bool = False) -> Sheet:
    """Make a sheet of a table whose columns are in words; what is missing is None.

    >>> sheet_of(pd.DataFrame({"trial": ["t000"], "gap": [float("nan")]}), "Gaps").rows
    [['t000', None]]
    """
    objects = table.astype(object).where(table.notna(), None)
    return Sheet(caption, [str(name) for name in table.columns], objects.to_numpy().tolist(), sortable)
