"""Records of a source of pictures and words, and what it had to leave out.

What is left out is counted in two units, each against its own kind: images that cannot be used against all images, and
captions that cannot be used against all captions. A caption of an image that cannot be used is lost with its image, and
not counted again; an image without a usable caption cannot be used.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from gap.errors import UserError, unknown

MAX_UNUSABLE = 0.01  # of the images, and of the captions
Unit = Literal["images", "captions"]
UNITS: tuple[Unit, ...] = ("images", "captions")
_NAMED = 5
_TAG = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]+)*")


@runtime_checkable
class ImageFile(Protocol):
    """The bytes of one image, wherever they lie: a path, or a part of a larger file.

    ``name`` is for messages; ``suffix`` (such as ``.png``) tells the kind. ``read_bytes`` raises OSError.
    """

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def suffix(self) -> str: ...  # noqa: D102

    def read_bytes(self) -> bytes: ...  # noqa: D102


@dataclass(frozen=True)
class Record:
    """One picture with its captions. Records of one ``group`` stay in the same part of the split.

    ``split`` is the part that a source with a published split gives; then every record of it has one.
    """

    id: str
    captions: tuple[str, ...]
    group: str
    image: ImageFile
    split: Literal["train", "test"] | None = None


@dataclass(frozen=True)
class Skipped:
    """Something that cannot be used, and why; ``images`` and ``captions`` are how many of each are lost by it."""

    id: str
    reason: str
    images: int = 1
    captions: int = 0


@dataclass(frozen=True)
class Catalogue:
    """Every record of a source in one language, in an order that depends on nothing but the records.

    ``remarks`` are sentences that whoever uses the data should read, such as how they come by a test part.
    """

    records: Sequence[Record]
    skipped: list[Skipped]
    remarks: list[str] = field(default_factory=list)

    @property
    def images(self) -> int:
        """The images of the source, with those that cannot be used."""
        return len(self.records) + sum(one.images for one in self.skipped)

    @property
    def captions(self) -> int:
        """The captions of the images that can be used, with those that cannot."""
        # Columns know the sum; a source of other records is small.
        own = getattr(self.records, "caption_count", None)
        usable = sum(len(record.captions) for record in self.records) if own is None else own
        return usable + sum(one.captions for one in self.skipped)


@dataclass(frozen=True)
class Size:
    """How many images a dataset trains and tests on, the captions of each, and which edition of it was counted."""

    train: int
    test: int
    captions: int
    edition: str


@dataclass(frozen=True)
class Source:
    """A dataset by name: its languages, its licence, and how to read it.

    ``read(language, directory, prompt)`` makes the catalogue; ``prompt`` is a text with one ``{}``, where keywords or
    a caption go, and None stands for the source's own. ``languages`` is None for a source that holds whole captions in
    whatever language the user says. ``layout`` says what the directory must hold; it is None for a source that is
    bundled, and whose ``read`` gets no directory. ``size`` is what a study can be planned with before the data is
    there; a bundled source needs none.
    """

    languages: tuple[str, ...] | None
    licence: str
    layout: str | None
    read: Callable[[str, Path | None, str | None], Catalogue]
    size: Size | None = None


def check_language(name: str, source: Source, language: str) -> None:
    """Raise UserError unless the source has the language; one of whole captions takes any tag, such as ``pt-BR``."""
    if source.languages is None:
        if not _TAG.fullmatch(language):
            raise UserError(f"language of {name}: expected a tag such as en, es or pt-BR, got '{language}'")
    elif language not in source.languages:
        raise unknown(f"language of {name}", language, source.languages)


def name_some(skipped: Sequence[Skipped]) -> str:
    """Name the first few of what was skipped in one line.

    >>> name_some([Skipped("7", "no keywords")])
    '7 (no keywords)'
    """
    named = ", ".join(f"{one.id} ({one.reason})" for one in skipped[:_NAMED])
    return named + (", ..." if len(skipped) > _NAMED else "")


def count_skipped(skipped: Sequence[Skipped], *, images: int, captions: int) -> str:
    """Say how many of all ``images`` and of all ``captions`` are lost.

    >>> count_skipped([Skipped("a.png", "empty"), Skipped("line 7", "no caption", 0, 1)], images=200, captions=990)
    '1 of 200 images and 1 of 990 captions'
    """
    lost = {unit: sum(getattr(one, unit) for one in skipped) for unit in UNITS}
    totals = {"images": images, "captions": captions}
    return " and ".join(
        f"{lost[unit]:,} of {totals[unit]:,} {unit}" for unit in UNITS if lost[unit] or unit == "images"
    )


def stop_if_many(name: str, skipped: Sequence[Skipped], total: int, unit: Unit = "images") -> None:
    """Raise UserError when more than 1 % of all ``total`` images, or captions, are lost: that is no accident.

    ``unit`` says which of the two are counted; both ``skipped`` and ``total`` are taken in it. Exactly 1 % passes.
    """
    lost = [one for one in skipped if getattr(one, unit)]
    count = sum(getattr(one, unit) for one in lost)
    if count > MAX_UNUSABLE * total:
        raise UserError(
            f"{name}: {count:,} of {total:,} {unit} are unusable, at most {MAX_UNUSABLE:.0%} may be: {name_some(lost)}"
        )


def stop_if_unusable(name: str, catalogue: Catalogue, also: Sequence[Skipped] = ()) -> None:
    """Raise UserError when more than 1 % of a catalogue's images, or of its captions, are unusable.

    ``also`` are images among its records that cannot be read or decoded.
    """
    stop_if_many(name, [*catalogue.skipped, *also], catalogue.images, "images")
    stop_if_many(name, catalogue.skipped, catalogue.captions, "captions")
