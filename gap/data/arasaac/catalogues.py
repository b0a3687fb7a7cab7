"""Bring the catalogues: from the disk where they are the ones asked for, else from the API."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from gap.data.arasaac.client import CATALOGUE, Client, FetchError
from gap.data.arasaac.selection import Filters, Records, Selection, parse_catalogue, select, to_json
from gap.data.arasaac.stock import Stock
from gap.data.progress import say
from gap.data.records import name_some


@dataclass
class Found:
    """Which catalogues did not come, by file name; ids that are no longer listed; why no more were asked for."""

    missing: dict[str, str] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    stopped: str | None = None


async def bring_catalogues(
    client: Client,
    stock: Stock,
    languages: tuple[str, ...],
    api: str,
    filters: Filters,
    *,
    update: bool,
    progress: bool,
) -> Found:
    """Fetch the catalogues that are not there yet, were made with other filters, or all with ``update``.

    One that does not come, or is none, leaves the one that is there alone. Raises UserError if the filters leave
    nothing of a catalogue.
    """
    found = Found()
    for language in languages:
        stored, about = stock.records(language), stock.languages.get(language, {})
        if stored is not None and not update and about.get("filters") == _as_json(filters):
            continue
        try:
            data = await client.get(f"{api}/v1/pictograms/all/{language}", CATALOGUE)
            selection, size = _select(data, filters, listed=about.get("listed"))
        except FetchError as failure:
            found.missing[f"{language}.json"] = str(failure)
            if failure.ends:
                found.stopped = str(failure)
                break
            continue
        if progress:
            say(_said(language, size, selection))
        written, outdated = to_json(selection.records), _outdated(stored or {}, selection.records)
        stock.take_catalogue(language, written, _describe(written, selection, filters), outdated=outdated)
        found.gone |= set(stored or {}) - selection.listed
    return found


def _select(data: bytes, filters: Filters, *, listed: object) -> tuple[Selection, int]:
    """Read a catalogue and choose from it. Raises FetchError if it is none, or half of what was ``listed`` is gone."""
    try:
        entries = parse_catalogue(data)
    except ValueError as error:
        raise FetchError(f"not a catalogue: {' '.join(str(error).split())[:200]}") from None
    selection = select(entries, filters)
    if isinstance(listed, int) and 2 * len(selection.listed) < listed:
        raise FetchError(f"lists {len(selection.listed):,} records where it listed {listed:,}: not taken")
    return selection, len(entries)


def _describe(written: bytes, selection: Selection, filters: Filters) -> dict[str, Any]:
    return {
        "fetched": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "listed": len(selection.listed),
        "records": len(selection.records),
        "filters": _as_json(filters),
        "sha256": hashlib.sha256(written).hexdigest(),
    }


def _as_json(filters: Filters) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(filters).items()}


def _outdated(stored: Records, new: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Give the ids whose record was there and has another ``lastUpdated`` now."""
    return {one for one in stored.keys() & new.keys() if stored[one].get("lastUpdated") != new[one].get("lastUpdated")}


def _said(language: str, total: int, selection: Selection) -> str:
    left_out = {
        f"without a keyword in {language}": selection.speechless,
        "filtered out": selection.filtered,
        f"unusable: {name_some(selection.unusable)}": len(selection.unusable),
    }
    reasons = "".join(f"; {count:,} {why}" for why, count in left_out.items() if count)
    return f"arasaac {language}: {len(selection.records):,} of {total:,} records{reasons}"
