"""What the search page shows: answers as cards that can be asked with in turn, or how far it is from answering."""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from dash import html
from dash.development.base_component import Component

from gap.data import PairDataset
from gap.errors import UserError
from study.explore.shelf import Opening
from study.retrieval.answer import remarks
from study.retrieval.hits import Hit, find, moved
from study.retrieval.opened import Opened
from study.retrieval.pictures import picture
from study.retrieval.query import ImageQuery, TextQuery, cut_after, image_query, own_query, text_query

TOP = 12
REMEMBERED = 4096  # pictures that have been drawn


def _words(opened: Opened, value: str, name: str) -> TextQuery:
    return text_query(value, opened.prompt)


def _own(opened: Opened, value: str, name: str) -> ImageQuery:
    return own_query(opened.dataset, value)


def _file(opened: Opened, value: str, name: str) -> ImageQuery:
    """Take a picture from what the browser sends of a file, ``data:<kind>;base64,<bytes>``."""
    try:
        data = base64.b64decode(value.partition(",")[2], validate=True)
    except binascii.Error as error:
        raise UserError(f"{name} cannot be read: {error}") from error
    return image_query(data, name, opened.dataset.images.shape[1])


# What somebody asked with, as the page keeps it: a kind, a value and a name.
KINDS: dict[str, Callable[[Opened, str, str], TextQuery | ImageQuery]] = {"words": _words, "own": _own, "file": _file}


def show_answers(opened: Sequence[Opened], asked: Mapping[str, str], *, to: str, split: str) -> Component:
    """Answer with one trial, or with two beside each other. Raises ``UserError`` if the query is none."""
    if asked["kind"] == "words" and not asked["value"].strip():
        return html.P("Type some words, or give a picture. A click on an answer asks with it.", className="note")
    first = opened[0]
    query = KINDS[asked["kind"]](first, asked["value"], asked["name"])
    found = [find(one, query, to=to, top=TOP, split=split) for one in opened]
    said = remarks(query, found[0], to=to, split=split, cut_after=cut_after(query, first.clip.tokenize))
    lists = [
        _list(one, answers.hits, moved(found[0].hits, answers.hits) if one is not first else [""] * len(answers.hits))
        for one, answers in zip(opened, found, strict=True)
    ]
    return html.Div(
        [
            _asked(query, said),
            html.Div(lists, className="search-lists"),
            html.P(first.dataset.licence, className="note licence"),
        ]
    )


def show_opening(trial: str, opening: Opening) -> Component:
    """Say how far the opening of a trial is."""
    bar = html.Progress(value=str(opening.done), max=str(opening.steps)) if opening.steps else html.Progress()
    count = f" ({opening.done:,} of {opening.steps:,})" if opening.steps else ""
    return html.Div([html.P(f"{trial}: {opening.what}{count}", className="note"), bar])


def show_error(message: str) -> Component:
    """Say what is wrong."""
    return html.P(message, className="warning", role="alert")


def _asked(query: TextQuery | ImageQuery, said: Sequence[str]) -> Component:
    lines = [html.P(line, className="note") for line in said]
    shown = [html.Img(src=picture(query.pixels), alt="")] if isinstance(query, ImageQuery) else []
    return html.Div([*shown, html.Div([html.H2(query.label), *lines])], className="search-asked")


def _list(opened: Opened, hits: Sequence[Hit], notes: Sequence[str]) -> Component:
    cards = [_card(opened, hit, note) for hit, note in zip(hits, notes, strict=True)]
    return html.Section([html.H3(opened.trial), html.Ol(cards)])


def _card(opened: Opened, hit: Hit, note: str) -> Component:
    place = [html.Span(f"{hit.rank}"), *([html.Span(note, className=note.split()[0])] if note else [])]
    return html.Li(
        html.Button(
            [
                html.Img(src=_picture(opened.dataset, hit.row), alt=""),
                html.Span([*place, html.Span(f"{hit.score:.3f}")], className="facts"),
                html.Strong(hit.words),
                html.Span([html.Span(hit.id), html.Span(hit.split)], className="facts"),
            ],
            id={"type": "search-hit", "place": f"{opened.trial} {hit.rank}", "id": hit.id},
            title="ask with this picture",
        )
    )


def _picture(dataset: PairDataset, row: int) -> str:
    key = (dataset.data_hash, row)
    if key not in _DRAWN:
        if len(_DRAWN) >= REMEMBERED:
            _DRAWN.clear()
        _DRAWN[key] = picture(np.asarray(dataset.images[row]))
    return _DRAWN[key]


_DRAWN: dict[tuple[str, int], str] = {}
