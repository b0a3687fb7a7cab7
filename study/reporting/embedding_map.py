"""Where images and texts lie: the thesis's figures 3.1 and 3.3."""

import torch

from study.embeddings import Embeddings
from study.figures.embedding_map import draw_embedding_map
from study.live.projector import first_captions
from study.open_trial import BASELINE
from study.reporting.collect import Collected
from study.reporting.section import Chart, Section, Sheet, View

BEFORE = "before training"


def embedding_map(study: Collected) -> Section:
    """Draw test pairs on their first two principal components, before training and after."""
    title = "Map of the embeddings"
    if not study.looked_at:
        return Section(title, ["There is nothing to draw.", *study.remarks()])
    names = {BEFORE: BASELINE, **{trial: trial for trial in study.looked_at}}
    views = {name: _view(study, name, study.embeddings[trial]) for name, trial in names.items()}
    chart = Chart(
        "map",
        "Images (discs) and texts (hollow diamonds) of the test split on their first two principal components, a line "
        "between the two of a pair. Components are of each model by itself. Of many pairs a sample is drawn.",
        "Scatter plot of image and text embeddings with a line between the two of each pair.",
        views,
        choice="Model",
    )
    return Section(title, study.remarks(), [chart])


def pairs(embeddings: Embeddings) -> tuple[torch.Tensor, torch.Tensor, list[int]]:
    """Give the images, the first text of each, and which captions these are."""
    first = first_captions(embeddings)
    return embeddings.image_features, embeddings.text_features[first], first.tolist()


def _view(study: Collected, name: str, embeddings: Embeddings) -> View:
    images, texts, first = pairs(embeddings)
    captions = embeddings.captions(study.dataset) if study.dataset else [f"caption {one}" for one in first]
    figure = draw_embedding_map(images, texts, [captions[one] for one in first])
    gap = float((images.mean(dim=0) - embeddings.text_features.mean(dim=0)).norm())
    rows = [
        ["distance between the mean image and the mean text", gap],
        ["mean distance within a pair", float((images - texts).norm(dim=1).mean())],
        ["length of the mean image", float(images.mean(dim=0).norm())],
        ["length of the mean text", float(embeddings.text_features.mean(dim=0).norm())],
    ]
    return View(figure, Sheet(f"Where images and texts lie, {name}", ["measure", "value"], rows))
