"""Join OpenMoji's artwork with emojibase's Spanish and English words into ``pictograms.csv``.

The words come from the npm package ``emojibase-data`` (17.x); unpack it and name its directory::

    npm pack emojibase-data@17.0.0 && tar xzf emojibase-data-17.0.0.tgz
    python -m gap.data.pictograms.build package

Left out: regional indicator letters, skin tone swatches and hair components, which are parts and not pictures, and
skin tone variants (emojibase lists them below their base pictogram).
"""

import csv
import io
import json
import re
import sys
from pathlib import Path
from typing import Any

from gap.data.captions import caption_key
from gap.data.groups import connected_groups
from gap.data.pictograms import COLUMNS, TABLE, svg_path
from gap.errors import UserError

LANGUAGES = ("en", "es")
_LEFT_OUT = {None, "component"}
# Joiner, variation selector, gender signs and "facing right" change the rendering of a concept, not the concept.
_MODIFIERS = {"200D", "FE0F", "2640", "2642", "27A1"}
_PEOPLE = {"1F466", "1F467", "1F468", "1F469", "1F474", "1F475", "1F9D1", "1F9D2", "1F9D3"}
_PEOPLE_WORDS = re.compile(r"\b(man|woman|men|women|person|people|boy|girl|and)\b")


def hexcode_key(hexcode: str) -> str:
    """Reduce an emoji sequence to what it depicts, whoever is depicted.

    People are one component, and how many stand in the sequence does not count. They are kept apart from the bare
    object: a cook (person + frying pan) is not a frying pan.

    >>> hexcode_key("1F468-200D-1F373") == hexcode_key("1F469-200D-1F373") != hexcode_key("1F373")
    True
    """
    parts = {part for part in hexcode.split("-") if part not in _MODIFIERS}
    return "-".join(sorted({"person" if part in _PEOPLE else part for part in parts}))


def label_key(label: str, group: str) -> str:
    """Reduce a label likewise: letter case everywhere; among people also who they are and what follows a colon.

    >>> label_key("woman and man holding hands", "people-body"), label_key("family: man, boy", "people-body")
    ('holding hands', 'family')
    """
    folded = caption_key(label)
    if group == "people-body":
        folded = " ".join(_PEOPLE_WORDS.sub(" ", folded.split(":")[0]).split()) or "person"
    return folded


def concepts(rows: list[dict[str, str]]) -> list[str]:
    """Name every row's concept after the first hexcode of its group (see :func:`connected_groups`)."""
    keys = [
        [("hexcode", hexcode_key(row["hexcode"]))]
        + [(f"label_{language}", label_key(row[f"label_{language}"], row["group"])) for language in LANGUAGES]
        for row in rows
    ]
    return [rows[first]["hexcode"] for first in connected_groups(keys)]


def _load(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"expected an unpacked emojibase-data package, cannot read {path}: {error}") from error


def join(emojibase: Path) -> list[dict[str, str]]:
    """Make the table's rows, in Unicode's order, from an unpacked ``emojibase-data`` package."""
    meta = _load(emojibase / "meta" / "groups.json")
    words = {
        language: {record["hexcode"]: record for record in _load(emojibase / language / "data.json")}
        for language in LANGUAGES
    }
    rows = []
    for hexcode, record in sorted(words["en"].items(), key=lambda item: item[1].get("order", 0)):
        group = meta["groups"].get(str(record.get("group")))
        if group in _LEFT_OUT or hexcode not in words["es"] or not svg_path(hexcode).is_file():
            continue
        row = {"hexcode": hexcode, "group": group, "subgroup": meta["subgroups"][str(record["subgroup"])]}
        for language in LANGUAGES:
            row[f"label_{language}"] = words[language][hexcode]["label"]
            row[f"tags_{language}"] = "|".join(words[language][hexcode].get("tags", []))
        rows.append(row)
    return [{**row, "concept": concept} for row, concept in zip(rows, concepts(rows), strict=True)]


def main(emojibase: Path) -> None:
    """Write the table beside this module."""
    rows = join(emojibase)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    temporary = TABLE.with_suffix(".csv.part")
    temporary.write_text(buffer.getvalue(), encoding="utf-8", newline="")
    temporary.replace(TABLE)
    print(f"{len(rows)} pictograms, {len({row['concept'] for row in rows})} concepts -> {TABLE}")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]) if len(sys.argv) == 2 else Path("package"))
    except UserError as error:
        sys.exit(str(error))
