"""The app around the pages."""

from collections.abc import Sequence
from pathlib import Path

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component

from study.explore import search_page, sphere_page, study_page
from study.explore.page import Page
from study.explore.server import refuse_other_names

# The first that the studies allow is what the app opens with.
PAGES: dict[str, Page] = {
    "study": study_page.PAGE,
    "search": search_page.PAGE,
    "sphere": sphere_page.PAGE,
}
INDEX = Path(__file__).with_name("index.html").read_text(encoding="utf-8")


def make_app(studies: Sequence[Path]) -> Dash:
    """Make the app over some studies' results directories, or over none: then the sphere alone."""
    pages = {name: page for name, page in PAGES.items() if studies or not page.needs_study}
    app = Dash(
        "study.explore",
        title="Modality gap",
        update_title="",
        index_string=INDEX,
        assets_folder=str(Path(__file__).with_name("assets")),
        serve_locally=True,
        suppress_callback_exceptions=True,
    )
    refuse_other_names(app.server)
    app.layout = html.Div(
        [
            dcc.Location(id="address"),
            html.Header([html.Span("Modality gap", className="brand"), html.Nav(id="pages")]),
            html.Main(id="page"),
        ]
    )
    for page in pages.values():
        page.register(app, studies)

    @app.callback(Output("page", "children"), Output("pages", "children"), Input("address", "pathname"))
    def open_page(pathname: str) -> tuple[Component, list[Component]]:
        name = pathname.strip("/") or next(iter(pages))
        shown = pages[name].layout(studies) if name in pages else html.P(f"There is no page {name}.")
        return shown, [_link(one, page.title, here=one == name) for one, page in pages.items()]

    return app


def _link(name: str, title: str, *, here: bool) -> Component:
    return html.Span(title, **{"aria-current": "page"}) if here else dcc.Link(title, href=f"/{name}")
