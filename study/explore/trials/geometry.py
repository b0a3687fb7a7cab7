"""Where the chosen trials put images and texts, before training and after, and which dimensions carry the gap."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from dash import dcc, html
from dash.development.base_component import Component
from plotly.graph_objects import Figure

from gap.errors import UserError
from study.embeddings import embeddings_path
from study.explore.trials.choice import Chosen
from study.explore.trials.embedded import dataset_of, embeddings_of, is_embedded
from study.explore.trials.metrics import GRAPH
from study.explore.trials.snapshot import modified
from study.figures.dimensions import draw_dimensions
from study.figures.embedding_map import draw_embedding_map
from study.open_trial import BASELINE


def geometry(trials: Sequence[Chosen]) -> list[Component]:
    """Draw a panel a trial: a map before, one after, the gap by dimension. Nothing of trials without embeddings."""
    panels = [(one, _panel(one)) for one in trials]
    return [html.Section([html.H3(one.name), html.Div(panel, className="columns")]) for one, panel in panels if panel]


def _panel(one: Chosen) -> list[Component]:
    directory = one.snapshot.study.directory
    if is_embedded(directory, one.trial):
        try:
            return _figures(one, directory)
        except UserError as error:
            return [html.P(str(error), className="note warning")]
    return []


def _figures(one: Chosen, directory: Path) -> list[Component]:
    both = (("before", BASELINE), ("after", one.trial))
    known = tuple((when, trial) for when, trial in both if is_embedded(directory, trial))
    states = tuple(modified(embeddings_path(directory, trial)) for _, trial in known)
    maps = [(when, _map(directory, trial, state)) for (when, trial), state in zip(known, states, strict=True)]
    return [
        *(
            html.Figure(
                [
                    html.Figcaption(f"{when} training"),
                    dcc.Graph(id={"type": "study-map", "trial": one.letter, "when": when}, figure=figure, config=GRAPH),
                ]
            )
            for when, figure in maps
        ),
        html.Figure(
            [
                html.Figcaption("the gap by dimension"),
                dcc.Graph(
                    id={"type": "study-dimensions", "trial": one.letter},
                    figure=_dimensions(directory, known, states),
                    config=GRAPH,
                ),
            ]
        ),
    ]


# A map of many captions takes a second; ``state`` tells the cache one file of embeddings from the next.
@lru_cache(maxsize=8)
def _map(directory: Path, trial: str, state: int) -> Figure:
    own = embeddings_of(directory, trial)
    if own is None:
        raise UserError(f"the embeddings of {trial} have just gone")
    captions = own.captions(dataset_of(directory))
    return draw_embedding_map(own.image_features[own.image_of_text], own.text_features, captions, height=420)


@lru_cache(maxsize=4)
def _dimensions(directory: Path, known: tuple[tuple[str, str], ...], states: tuple[int, ...]) -> Figure:
    embeddings = {when: embeddings_of(directory, trial) for when, trial in known}
    features = {when: (own.image_features, own.text_features) for when, own in embeddings.items() if own is not None}
    return draw_dimensions(features, height=420)
