"""Search: words or a picture in, a study's pictures or captions out, the model before training beside a trial."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from gap.errors import UserError
from study.explore.page import Page
from study.explore.search_results import show_answers, show_error, show_opening
from study.explore.shelf import Opening, Shelf
from study.finished import read_finished
from study.open_trial import BASELINE, kept_trials
from study.retrieval.answer import REHEARSAL
from study.retrieval.which import choose, values_of

LARGEST = 16 * 2**20  # bytes of a picture that is given
SEARCHED = {"image": "pictures", "text": "captions"}
SPLITS = {"all": "all", "test": "not trained on"}


def layout(studies: Sequence[Path]) -> Component:
    """Draw the page."""
    options, first = trial_options(studies[0])
    names = [{"label": path.name, "value": number} for number, path in enumerate(studies)]
    controls = [
        _field("Words", _words(), "search-query", "double"),
        _field("or a picture", _upload(), "search-upload"),
        _field("Study", _list("search-study", names, 0), "search-study", "" if len(studies) > 1 else "hidden"),
        _field("Trial", _list("search-trial", options, first), "search-trial", "double"),
        _field("Rank", _choice("search-to", SEARCHED), "search-to"),
        _field("Among", _choice("search-split", SPLITS), "search-split"),
        _field("Compare", _compare(), "search-compare", "double"),
    ]
    return html.Div(
        [
            html.H1("Search"),
            *(html.P(f"{path.name}: {REHEARSAL}", className="note warning") for path in studies if _rehearsed(path)),
            html.Div(controls, className="card search-controls"),
            html.Div(id="search-said", role="status", className="unseen"),
            html.Div(id="search-results", role="region", **{"aria-label": "answers"}),
            dcc.Store(id="search-asked", data=_asked("words", "")),
            dcc.Interval(id="search-tick", interval=1000, disabled=True),
        ]
    )


def _rehearsed(directory: Path) -> bool:
    return read_finished(directory).about.get("profile") == "rehearsal"


def _words() -> Component:
    return dcc.Input(
        id="search-query", type="search", debounce=0.4, placeholder="quiero comer una manzana", autoComplete="off",
        maxLength=1000,
    )  # fmt: skip


def _upload() -> Component:
    return dcc.Upload("Choose or drop", id="search-upload", max_size=LARGEST, accept="image/*,.svg")


def _compare() -> Component:
    shown = [{"value": "yes", "label": "beside the model before training"}]
    return dcc.Checklist(shown, ["yes"], id="search-compare")


def _list(name: str, options: Sequence[Any], value: Any) -> Component:
    return dcc.Dropdown(list(options), value, id=name, clearable=False, searchable=False)


def _choice(name: str, options: Mapping[str, str]) -> Component:
    shown = [{"value": value, "label": label} for value, label in options.items()]
    return dcc.RadioItems(shown, next(iter(options)), id=name, inline=True)


def _field(label: str, control: Component, name: str, kind: str = "") -> Component:
    return html.Div([html.Label(label, htmlFor=name), control], className=f"field {kind}".strip())


def _asked(kind: str, value: str, name: str = "") -> dict[str, str]:
    """Give what is asked with as ``KINDS`` takes it."""
    return {"kind": kind, "value": value, "name": name}


def trial_options(directory: Path) -> tuple[list[dict[str, str]], str]:
    """List the trials that can be searched with, those of the front first, and name the one to begin with."""
    study = read_finished(directory)
    front = [str(trial) for trial in study.front["trial_id"]]
    kept = sorted(
        kept_trials(directory), key=lambda trial: (front.index(trial) if trial in front else len(front), trial)
    )
    options = [{"value": trial, "label": f"{trial}: {values_of(study, trial)}"} for trial in kept]
    try:
        first = choose(study, None).trial
    except UserError:  # no front yet
        first = BASELINE
    return [*options, {"value": BASELINE, "label": f"{BASELINE}: the model before training"}], first


def register(app: Dash, studies: Sequence[Path]) -> None:
    """Add its callbacks."""
    shelf = Shelf()

    @app.callback(
        Output("search-trial", "options"),
        Output("search-trial", "value"),
        Input("search-study", "value"),
        prevent_initial_call=True,
    )
    def list_trials(study: int) -> Any:
        return trial_options(studies[study])

    @app.callback(
        Output("search-asked", "data"),
        Output("search-query", "value"),
        Input("search-query", "value"),
        Input("search-upload", "contents"),
        Input({"type": "search-hit", "place": ALL, "id": ALL}, "n_clicks"),
        State("search-upload", "filename"),
        prevent_initial_call=True,
    )
    def take_query(words: str | None, contents: str | None, clicks: list[int | None], name: str | None) -> Any:
        if ctx.triggered_id == "search-query":
            return _asked("words", words or ""), no_update
        if ctx.triggered_id == "search-upload":
            return (_asked("file", contents, name or "picture"), "") if contents else (no_update, no_update)
        # Buttons that have just been drawn call as well.
        return (_asked("own", ctx.triggered_id["id"]), "") if any(clicks) else (no_update, no_update)

    @app.callback(
        Output("search-results", "children"),
        Output("search-said", "children"),
        Output("search-tick", "disabled"),
        Input("search-asked", "data"),
        Input("search-trial", "value"),
        Input("search-compare", "value"),
        Input("search-to", "value"),
        Input("search-split", "value"),
        Input("search-tick", "n_intervals"),
        Input("search-study", "value"),
    )
    def answer(asked: Any, trial: str, compare: list[str], to: str, split: str, _: int | None, study: int) -> Any:
        trials = list(dict.fromkeys([*([BASELINE] if compare else []), trial]))
        try:
            opened = []
            for one in trials:
                taken = shelf.take(studies[study], one, to)
                if isinstance(taken, Opening):
                    return show_opening(one, taken), f"opening {one}", False
                opened.append(taken)
            return (
                show_answers(opened, asked, to=to, split=split),
                f"answers to {asked['name'] or asked['value']}",
                True,
            )
        except UserError as error:
            return show_error(str(error)), "", True


PAGE = Page("Search", layout, register)
