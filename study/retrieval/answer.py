"""A query, who answered it, and the answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from study.retrieval.hits import Found
from study.retrieval.query import ImageQuery, TextQuery
from study.retrieval.sides import SIDES
from study.retrieval.which import Chosen

REHEARSAL = "REHEARSAL: a small model; its answers say nothing about the study's own model."


@dataclass(frozen=True)
class Answer:
    """``found`` is what each of the ``chosen`` trials found.

    ``cut_after`` is what a model read of a text that is too long for it, None if it read all.
    """

    study: Path
    profile: str
    query: TextQuery | ImageQuery
    cut_after: str | None
    to: str
    split: str
    licence: str
    chosen: Sequence[Chosen]
    found: Sequence[Found]

    def asked(self) -> list[str]:
        """Say in words who was asked, a line a trial, and what."""
        text = isinstance(self.query, TextQuery)
        return [
            *(f"{one.trial} of {self.study} ({one.what})" for one in self.chosen),
            f"“{self.query.label}”" if text else f"the image {self.query.label}",
        ]

    def lines(self) -> list[str]:
        """Say in words what else one should know of the answers."""
        said = remarks(self.query, self.found[0], to=self.to, split=self.split, cut_after=self.cut_after)
        return [*said, *([REHEARSAL] if self.profile == "rehearsal" else [])]


def remarks(query: TextQuery | ImageQuery, found: Found, *, to: str, split: str, cut_after: str | None) -> list[str]:
    """Say in words how a query was taken, and what was searched."""
    part = "" if split == "all" else f" of the {split} split"
    lines = [f"{len(found.hits):,} of {found.searched:,} {SIDES[to].plural}{part}, by cosine; train: trained on"]
    if found.indexed:
        lines.append("an index was asked: it may have missed some (--no-index looks at all)")
    if isinstance(query, TextQuery) and query.text != query.label:
        lines.append(f"read as “{query.text}”")
    if cut_after is not None:
        lines.append(f"longer than the model reads: cut after “{cut_after}”")
    return lines
