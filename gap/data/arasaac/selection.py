"""From the answer of ARASAAC's API to the records that are kept: known fields, usable ids, the filters' choice."""

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from gap.data.arasaac.catalogue import clean_keywords
from gap.data.arasaac.identifiers import by_id
from gap.data.records import Skipped
from gap.errors import UserError

Records = dict[int, dict[str, Any]]  # of one language, by id
EXCLUDABLE = ("sex", "violence")
# All but ``downloads``, which changes by the hour, and whatever a server adds.
_FIELDS = (
    "_id", "keywords", "tags", "categories", "synsets", "schematic", "sex", "violence", "aac", "aacColor", "skin",
    "hair", "created", "lastUpdated",
)  # fmt: skip
_LONGEST_INT = 18  # digits; Python itself refuses a document with thousands


@dataclass(frozen=True)
class Filters:
    """Which records to keep: none with a mark in ``exclude``, only ``aac`` ones, (no) schematic ones, of a category."""

    exclude: tuple[str, ...] = ()
    aac: bool = False
    schematic: bool | None = None
    categories: tuple[str, ...] = ()

    def keep(self, record: Mapping[str, Any]) -> bool:
        """Tell whether a record passes; a mark that is absent is not set."""
        return (
            not any(record.get(mark) is True for mark in self.exclude)
            and (not self.aac or record.get("aac") is True)
            and (self.schematic is None or (record.get("schematic") is True) == self.schematic)
            and (not self.categories or bool(_categories(record) & {name.casefold() for name in self.categories}))
        )


def filters_to_json(filters: Filters) -> dict[str, Any]:
    """Write filters as ``version.json`` holds them."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(filters).items()}


def filters_from_json(value: Any) -> Filters | None:
    """Read them; None for what are no filters.

    >>> filters_from_json(filters_to_json(Filters(exclude=("sex",), schematic=False)))
    Filters(exclude=('sex',), aac=False, schematic=False, categories=())
    """
    if not isinstance(value, dict):
        return None
    exclude, categories = (_words(value.get(name)) for name in ("exclude", "categories"))
    aac, schematic = value.get("aac"), value.get("schematic")
    if exclude is None or categories is None or not isinstance(aac, bool) or not isinstance(schematic, bool | None):
        return None
    return Filters(exclude, aac, schematic, categories)


def _words(value: Any) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) for one in value) else None


@dataclass(frozen=True)
class Selection:
    """The records that are kept, by id; every id that is listed; what was left out, and how many for which reason."""

    records: Records
    listed: set[int]
    unusable: list[Skipped]
    speechless: int
    filtered: int


def parse_catalogue(data: bytes) -> list[Any]:
    """Read the API's answer. Raises ValueError, in one line, unless it is a list with something in it."""
    try:
        entries = json.loads(
            data,
            parse_int=lambda digits: int(digits) if len(digits) <= _LONGEST_INT else None,
            parse_constant=lambda _: None,
        )
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(entries, list) or not entries:
        raise ValueError("expected a list of records, got " + ("an empty one" if entries == [] else "something else"))
    return entries


def select(entries: list[Any], filters: Filters) -> Selection:
    """Keep the records that have a usable id, a keyword, and what the filters ask for; the first of every id.

    Raises UserError for a category that no record has, and where nothing is left.
    """
    listed, unusable = by_id(entries)
    records: Records = {
        identifier: {field: entry[field] for field in _FIELDS if field in entry}
        for identifier, entry in listed.items()
        if clean_keywords(entry.get("keywords"))
    }
    _check_categories(filters.categories, records)
    kept = {identifier: record for identifier, record in sorted(records.items()) if filters.keep(record)}
    if not kept:
        raise UserError(f"arasaac: of {len(entries)} records none has a usable id, a keyword and what the filters ask")
    return Selection(kept, set(listed), unusable, len(listed) - len(records), len(records) - len(kept))


def to_json(records: Mapping[int, Mapping[str, Any]]) -> bytes:
    """Write records as ``{language}.json`` holds them, one a line."""
    lines = ",\n".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) for record in records.values())
    # Half a surrogate pair has no UTF-8; as an escape it is the same JSON.
    return f"[\n{lines}\n]\n".encode("utf-8", "backslashreplace")


def _categories(record: Mapping[str, Any]) -> set[str]:
    names = record.get("categories")
    return {name.casefold() for name in names if isinstance(name, str)} if isinstance(names, list) else set()


def _check_categories(asked: tuple[str, ...], records: Mapping[int, Mapping[str, Any]]) -> None:
    if not asked:
        return
    known = sorted(set().union(*map(_categories, records.values())))
    for name in asked:
        if name.casefold() not in known:
            near = difflib.get_close_matches(name.casefold(), known, n=3) or known[:3]
            raise UserError(f"unknown category '{name}': expected one of {len(known)}, such as {', '.join(near)}")
