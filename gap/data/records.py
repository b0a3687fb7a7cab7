"""What a source of pictures and words hands over: records, and the ones it had to leave out."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, runtime_checkable

from gap.errors import UserError, unknown

MAX_UNUSABLE = 0.01
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
    """A record that cannot be used, and why."""

    id: str
    reason: str


@dataclass(frozen=True)
class Catalogue:
    """Every record of a source in one language, in an order that depends on nothing but the records.

    ``remarks`` are sentences that whoever uses the data should read, such as how they come by a test part.
    """

    records: Sequence[Record]
    skipped: list[Skipped]
    remarks: list[str] = field(default_factory=list)


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


def name_some(skipped: list[Skipped]) -> str:
    """Name the first few of the skipped records in one line.

    >>> name_some([Skipped("7", "no keywords")])
    '7 (no keywords)'
    """
    named = ", ".join(f"{one.id} ({one.reason})" for one in skipped[:_NAMED])
    return named + (", ..." if len(skipped) > _NAMED else "")


def stop_if_many(name: str, skipped: list[Skipped], total: int) -> None:
    """Raise UserError when more than 1 % of ``total`` records are unusable: that is no accident but a wrong mirror."""
    if len(skipped) > MAX_UNUSABLE * total:
        raise UserError(
            f"{name}: {len(skipped)} of {total} records are unusable, at most {MAX_UNUSABLE:.0%} may be: "
            + name_some(skipped)
        )
