"""Bring the catalogues: from the disk where they are the ones asked for, else from the API."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from gap.data.arasaac.client import CATALOGUE, Client, FetchError
from gap.data.arasaac.selection import Filters, Records, Selection, filters_to_json, parse_catalogue, select, to_json
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
    wanted: Filters | None,
    *,
    update: bool,
    progress: bool,
) -> Found:
    """Fetch the catalogues that are not there yet, were made with other filters, or all with ``update``.

    Filters that are not given are those of the last time. A catalogue that does not come, or is none, leaves the one
    that is there alone. Raises UserError if the filters leave nothing of it.
    """
    found = Found()
    for language in languages:
        stored, about = stock.records(language), stock.languages.get(language, {})
        filters = stock.filters(language) if wanted is None else wanted
        if stored is not None and not update and about.get("filters") == filters_to_json(filters):
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
        written, outdated = to_json(selection.records), _outdated(stock, stored or {}, selection.records)
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
        "filters": filters_to_json(filters),
        "sha256": hashlib.sha256(written).hexdigest(),
    }


def _outdated(stock: Stock, stored: Records, new: Mapping[int, Mapping[str, Any]]) -> set[int]:
    """Give the ids whose record was there and has another ``lastUpdated`` now.

    Where no record was there, in whatever language, the picture's own counts.
    """
    named = stock.stamps(stock.languages)
    before = {one: kept.last_updated for one, kept in stock.kept.items() if one not in named}
    before.update({one: record.get("lastUpdated") for one, record in stored.items()})
    return {one for one in before.keys() & new.keys() if before[one] != new[one].get("lastUpdated")}


def _said(language: str, total: int, selection: Selection) -> str:
    left_out = {
        f"without a keyword in {language}": selection.speechless,
        "filtered out": selection.filtered,
        f"unusable: {name_some(selection.unusable)}": len(selection.unusable),
    }
    reasons = "".join(f"; {count:,} {why}" for why, count in left_out.items() if count)
    return f"arasaac {language}: {len(selection.records):,} of {total:,} records{reasons}"
