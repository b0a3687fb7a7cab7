"""Searches that training made better and worse: the first five images before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data import PairDataset
from gap.metrics.protocols import relevance
from gap.metrics.retrieval import best_ranks
from study.embeddings import Embeddings
from study.first_images import FirstImages, first_images
from study.open_trial import BASELINE
from study.reporting.collect import Collected
from study.reporting.pictures import Pictures
from study.reporting.section import Section

EACH, FIRST = 4, 5  # searches of each kind, images of each search


@dataclass(frozen=True)
class Shown:
    """One image of a strip: its row in the dataset, its caption, whether it is a right answer."""

    row: int
    caption: str
    right: bool


@dataclass(frozen=True)
class Search:
    """One text with its first images before and after training, and the ranks of its best right answer."""

    query: str
    ranks: tuple[int, int]
    strips: tuple[Sequence[Shown], Sequence[Shown]]


@dataclass(frozen=True)
class Searches:
    """What one trial changed: how many searches got better, worse or neither, and the largest changes."""

    trial: str
    counts: tuple[int, int, int]
    better: Sequence[Search]
    worse: Sequence[Search]


@dataclass(frozen=True)
class Gallery:
    """The searches of every shown trial; readers choose one."""

    trials: Sequence[Searches]
    pictures: Pictures
    language: str
    licence: str
    template: ClassVar[str] = "gallery.html.j2"


def examples(study: Collected) -> Section:
    """Show the searches by text whose best right answer moved furthest, up and down."""
    title = "Retrieval: what got better and worse"
    if study.dataset is None or not study.looked_at:
        reasons = [f"{study.lacking['dataset']}."] if "dataset" in study.lacking else study.remarks()
        return Section(title, ["There is nothing to show.", *reasons])
    before = study.embeddings[BASELINE]
    captions = before.captions(study.dataset)
    right, queries = _queries(before)
    base, pictures = _ranks(before, right, queries), Pictures(study.dataset)
    found = []
    for trial in study.looked_at:
        after = study.embeddings[trial]
        moved = _ranks(after, right, queries)
        strips = _Strips(study.dataset, captions, (before, after), pictures)
        found.append(changes(trial, queries, base, moved, strips))
    prose = [
        "Every distinct test caption searches all test images, not a pool of 90. Shown are the searches whose best "
        "right answer moved furthest, by the change of 1/rank: extremes, not the rule, which the counts give. Right "
        "answers are framed.",
        *study.remarks(),
    ]
    gallery = Gallery(found, pictures, study.dataset.language, study.dataset.licence)
    return Section(title, prose, [gallery])


def changes(
    trial: str,
    queries: Int[np.ndarray, " q"],
    before: Int[np.ndarray, " q"],
    after: Int[np.ndarray, " q"],
    strips: "_Strips",
) -> Searches:
    """Count the searches that moved, and pick the four of the largest gain and of the largest loss of 1/rank."""
    gains = 1 / after - 1 / before
    order = np.argsort(-gains, kind="stable")
    best, worst = order[:EACH][gains[order[:EACH]] > 0], order[::-1][:EACH][gains[order[::-1][:EACH]] < 0]
    ranks = np.stack([before, after], axis=1)
    counts = (int((after < before).sum()), int((after > before).sum()), int((after == before).sum()))
    better, worse = (strips.searches(queries[places], ranks[places]) for places in (best, worst))
    return Searches(trial, counts, better, worse)


@dataclass(frozen=True)
class _Strips:
    """Makes searches out of the embeddings before training and after."""

    dataset: PairDataset
    captions: Sequence[str]
    embeddings: tuple[Embeddings, Embeddings]
    pictures: Pictures

    def searches(self, texts: Int[np.ndarray, " q"], ranks: Int[np.ndarray, "q 2"]) -> list[Search]:
        """Search by the captions ``texts``, whose best right answers have the ``ranks`` before and after."""
        before, after = (first_images(one, torch.from_numpy(texts), FIRST) for one in self.embeddings)
        return [
            Search(
                self.captions[text], (*ranks[place].tolist(),), (self._strip(before, place), self._strip(after, place))
            )
            for place, text in enumerate(texts.tolist())
        ]

    def _strip(self, found: FirstImages, place: int) -> list[Shown]:
        rows = self.embeddings[0].rows[found.images[place]].tolist()
        hits = found.hits[place].tolist()
        return [
            Shown(self.pictures.add(row), self.dataset.captions[row][0], hit)
            for row, hit in zip(rows, hits, strict=True)
        ]


def _queries(embeddings: Embeddings) -> tuple[list[Int[np.ndarray, " _"]], Int[np.ndarray, " q"]]:
    """Return every caption's right images, and the first of captions that are equal."""
    right, _ = relevance(embeddings.image_of_text.numpy(), embeddings.text_of.numpy(), len(embeddings.rows))
    return right, np.sort(np.unique(embeddings.text_of.numpy(), return_index=True)[1])


def _ranks(
    embeddings: Embeddings, right: Sequence[Int[np.ndarray, " _"]], queries: Int[np.ndarray, " q"]
) -> Int[np.ndarray, " q"]:
    texts: Float[Tensor, "q d"] = embeddings.text_features[queries]
    ranks: Int[np.ndarray, " q"] = best_ranks(
        texts, embeddings.image_features, [right[text] for text in queries]
    ).numpy()
    return ranks
