"""What a page of the explorer is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from dash import Dash
from dash.development.base_component import Component


@dataclass(frozen=True)
class Page:
    """A page under its own address; ``studies`` are the results directories that the explorer was opened with.

    ``layout(studies)`` draws it anew whenever it is opened, ``register(app, studies)`` adds its callbacks, once. A page
    that ``needs_study`` is left out when the explorer was opened without one.
    """

    title: str
    layout: Callable[[Sequence[Path]], Component]
    register: Callable[[Dash, Sequence[Path]], None]
    needs_study: bool = True
