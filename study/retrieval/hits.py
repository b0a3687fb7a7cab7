"""The answers to a query."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from gap.data.prompts import words_of
from study.retrieval.index import propose, wants_index
from study.retrieval.nearest import best_of, nearest
from study.retrieval.opened import Opened
from study.retrieval.query import ImageQuery, TextQuery, vector_of


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

    @property
    def words(self) -> str:
        """The keywords, and how many more images have them where the answer is a caption."""
        return self.keywords + (f" (and {self.images - 1} more)" if self.images > 1 else "")


@dataclass(frozen=True)
class Found:
    """The hits, out of how many entries, and whether an index was asked, which may miss some."""

    hits: Sequence[Hit]
    searched: int
    indexed: bool


def find(
    opened: Opened,
    query: TextQuery | ImageQuery,
    *,
    to: str,
    top: int,
    split: str = "all",
    index: bool | None = None,
) -> Found:
    """Rank the images (``to="image"``) or the captions (``"text"``) of a study's dataset for a query, best first.

    ``split`` leaves out what is not in that part of the dataset. Scores are cosines. An index is asked if ``index``
    says so; by default where the gallery is large and the library is there.

    Raises ``UserError`` if an index is wanted and its library is not installed.
    """
    vector, gallery = vector_of(opened, query), opened.gallery(to)
    allowed = _allowed(opened, query, to=to, split=split)
    searched = len(gallery) if allowed is None else int(allowed.sum())
    if wants_index(gallery, index):
        rows = propose(opened.index(to), vector, top)
        rows = rows if allowed is None else rows[allowed[rows]]
        if len(rows) >= min(top, searched):
            return Found(make_hits(opened, to, *best_of(vector, gallery, rows, top)), searched, indexed=True)
    return Found(make_hits(opened, to, *nearest(vector, gallery, top, allowed=allowed)), searched, indexed=False)


def moved(before: Sequence[Hit], after: Sequence[Hit]) -> list[str]:
    """Say for each answer of one trial where it stood among those of another."""
    ranks = {(hit.row, hit.caption): hit.rank for hit in before}
    places = [ranks.get((hit.row, hit.caption)) for hit in after]
    return ["new" if place is None else f"was {place}" for place in places]


def make_hits(opened: Opened, to: str, scores: Float[Tensor, " k"], rows: Int[Tensor, " k"]) -> list[Hit]:
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
    rows = {"all": np.arange(len(dataset.ids)), "train": dataset.train, "test": dataset.test}[split]
    usable = set(rows.tolist()) - {own}
    return torch.tensor([not usable.isdisjoint(entry.rows) for entry in opened.entries(to)])
