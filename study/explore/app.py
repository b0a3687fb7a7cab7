"""The app around the pages."""

from collections.abc import Sequence
from pathlib import Path

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from study.explore.page import Page

PAGES: dict[str, Page] = {}


def make_app(studies: Sequence[Path]) -> Dash:
    """Make the app over some studies' results directories, or over none: then the sphere alone."""
    app = Dash("study.explore", title="Modality gap", update_title="", suppress_callback_exceptions=True)
    links = [dcc.Link(page.title, href=f"/{name}") for name, page in PAGES.items()]
    app.layout = html.Div([dcc.Location(id="address"), html.Nav(links), html.Main(id="page")])
    for page in PAGES.values():
        page.register(app, studies)

    @app.callback(Output("page", "children"), Input("address", "pathname"))
    def open_page(pathname: str) -> Component:
        name = pathname.strip("/") or next(iter(PAGES))
        return PAGES[name].layout(studies) if name in PAGES else html.P(f"There is no page {name}.")

    return app
