"""What the chosen trials find for some captions of the test split, before training and after."""

from collections.abc import Sequence

import numpy as np
import torch
from dash import html
from dash.development.base_component import Component

from gap.errors import UserError
from study.embeddings import Embeddings
from study.explore.trials.choice import Chosen
from study.explore.trials.embedded import dataset_of, embeddings_of, is_embedded, picture_of
from study.first_images import FirstImages, first_images
from study.open_trial import BASELINE

QUERIES, IMAGES = 6, 5


def gallery(trials: Sequence[Chosen], seed: int) -> list[Component]:
    """Draw a panel a trial: captions drawn by ``seed``, the same for every trial of a study, and the images found.

    Only trials whose embeddings are kept, those of the front, can be shown; of others, and where data are gone, the
    panel says so.
    """
    return [html.Section([html.H3(one.name), *_panel(one, seed)]) for one in trials]


def _panel(one: Chosen, seed: int) -> list[Component]:
    study = one.snapshot.study
    try:
        after = embeddings_of(study.directory, one.trial)
        if after is None:
            return [html.P(_why_none(one), className="note")]
        before = embeddings_of(study.directory, BASELINE)
        licence = dataset_of(study.directory).licence
        return [*_queries(one, before, after, seed), html.P(licence, className="note")]
    except UserError as error:
        return [html.P(str(error), className="note warning")]


def _why_none(one: Chosen) -> str:
    directory = one.snapshot.study.directory
    kept = [trial for trial in one.snapshot.rows if is_embedded(directory, trial)]
    if one.snapshot.study.adapter(one.trial):
        remedy = f"study/report.py with --trials {one.trial} makes them"
        return f"The adapter of {one.trial} is kept, but its embeddings were not: {remedy}."
    others = f"; now {', '.join(kept)}" if kept else ""
    return f"No pictures for {one.trial}: only trials of the front keep their embeddings{others}."


def _queries(one: Chosen, before: Embeddings | None, after: Embeddings, seed: int) -> list[Component]:
    texts = torch.from_numpy(np.random.default_rng(seed).permutation(len(after.text_features))[:QUERIES])
    captions = after.captions(dataset_of(one.snapshot.study.directory))
    sides = [("before", before)] if before is not None else []
    found = [(when, own, first_images(own, texts, IMAGES)) for when, own in [*sides, ("after", after)]]
    return [
        html.Figure(
            [
                html.Figcaption(captions[text]),
                html.Div([_strip(one, own, first, number, when) for when, own, first in found], className="strips"),
            ],
            className="query",
        )
        for number, text in enumerate(texts.tolist())
    ]


def _strip(one: Chosen, own: Embeddings, first: FirstImages, number: int, when: str) -> Component:
    """Draw the images of one query; a right one has a frame and a tick."""
    directory = one.snapshot.study.directory
    captions = dataset_of(directory).captions
    pictures = []
    for image, hit in zip(first.images[number].tolist(), first.hits[number].tolist(), strict=True):
        row = int(own.rows[image])
        words = captions[row][0]
        picture = html.Img(src=picture_of(directory, row), alt=f"{words}{' (right)' if hit else ''}", title=words)
        pictures.append(html.Li(picture, className="hit" if hit else None))
    return html.Div([html.Span(when, className="when"), html.Ol(pictures)], className="strip")
