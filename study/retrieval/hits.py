"""The answers to a query."""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from gap.data.prompts import words_of
from study.retrieval.nearest import nearest
from study.retrieval.opened import Opened
from study.retrieval.query import ImageQuery, TextQuery, vector_of

SPLITS = ("all", "train", "test")


@dataclass(frozen=True)
class Hit:
    """One answer. ``row`` and ``id`` are its image's; a caption that several images have names the first of them.

    ``keywords`` is the caption without the dataset's prompt; ``split`` says whether the trial was trained on it.
    """

    rank: int
    score: float
    row: int
    id: str
    keywords: str
    caption: str
    split: str
    images: int


def find(opened: Opened, query: TextQuery | ImageQuery, *, to: str, top: int, split: str = "all") -> list[Hit]:
    """Rank the images (``to="image"``) or the captions (``"text"``) of a study's dataset for a query, best first.

    ``split`` leaves out what is not in that part of the dataset. Scores are cosines.
    """
    vector, gallery = vector_of(opened, query), opened.gallery(to)
    allowed = _allowed(opened, query, to=to, split=split)
    scores, rows = nearest(vector, gallery, top, allowed=allowed)
    return make_hits(opened, to, scores, rows)


def make_hits(opened: Opened, to: str, scores: Float[Tensor, " k"], rows: Tensor) -> list[Hit]:
    """Say what some rows of a gallery are."""
    dataset, entries = opened.dataset, opened.entries(to)
    tested = set(dataset.test.tolist())
    hits = []
    for rank, (score, row) in enumerate(zip(scores.tolist(), rows.tolist(), strict=True), start=1):
        entry = entries[row]
        first = entry.rows[0]
        hits.append(
            Hit(
                rank,
                score,
                row=first,
                id=dataset.ids[first],
                keywords=words_of(opened.prompt, entry.caption),
                caption=entry.caption,
                split="test" if first in tested else "train",
                images=len(entry.rows),
            )
        )
    return hits


def _allowed(opened: Opened, query: TextQuery | ImageQuery, *, to: str, split: str) -> Bool[Tensor, " n"] | None:
    """Mark the entries that may answer; None if all may."""
    own = query.row if isinstance(query, ImageQuery) and to == "image" else None
    if split == "all" and own is None:
        return None
    dataset = opened.dataset
    rows = {"all": range(len(dataset.ids)), "train": dataset.train.tolist(), "test": dataset.test.tolist()}[split]
    usable = set(rows) - {own}
    return torch.tensor([not usable.isdisjoint(entry.rows) for entry in opened.entries(to)])
