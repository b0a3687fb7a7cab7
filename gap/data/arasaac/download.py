"""Bring ARASAAC to a directory, in the layout that the dataset ``arasaac`` is read from, or go on where it was left."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from gap.data.arasaac.catalogues import bring_catalogues
from gap.data.arasaac.client import Limits, checked_address, open_client
from gap.data.arasaac.languages import LANGUAGES
from gap.data.arasaac.outcome import Outcome
from gap.data.arasaac.pictures import Brought, bring_pictures
from gap.data.arasaac.place import held_place
from gap.data.arasaac.selection import Filters
from gap.data.arasaac.shown import transfer
from gap.data.arasaac.stock import SIZES, Stock
from gap.errors import UserError, unknown

API, STATIC = "https://api.arasaac.org", "https://static.arasaac.org"


@dataclass(frozen=True)
class Order:
    """What to bring: languages, pixels a side, which records, from which hosts.

    Languages, size and filters that are not given are those of the last time (at first: 300 pixels, every record).
    ``update`` asks the API again although the catalogues are there; pictures come again where ``lastUpdated`` differs.
    """

    languages: tuple[str, ...] = ()
    size: int | None = None
    filters: Filters | None = None
    update: bool = False
    api: str = API
    static: str = STATIC


@dataclass(frozen=True)
class Network:
    """How the hosts are spoken to: ``verify`` says whose certificates count, ``sleep`` waits in between."""

    limits: Limits = field(default_factory=Limits)
    verify: ssl.SSLContext | bool = True
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


def download(order: Order, directory: Path, *, network: Network | None = None, progress: bool = True) -> Outcome:
    """Bring what ``order`` asks for and is not in ``directory`` yet; nothing outside of it is written.

    Whatever ends it, what is verified stays and is not fetched again.

    Raises UserError for an order that makes no sense and a directory that cannot be written.
    """
    for language in order.languages:
        if language not in LANGUAGES:
            raise unknown("language of arasaac", language, LANGUAGES)
    if order.size is not None and order.size not in SIZES:
        raise UserError(f"size: expected one of {', '.join(map(str, SIZES))} pixels, got {order.size}")
    order = replace(order, api=checked_address(order.api), static=checked_address(order.static))
    with held_place(directory, LANGUAGES) as place:
        stock = Stock(place, order.size)
        try:
            stock.check_ours()
            return asyncio.run(_bring(order, stock, network or Network(), progress))
        finally:
            stock.close()


async def _bring(order: Order, stock: Stock, network: Network, progress: bool) -> Outcome:
    languages = order.languages or tuple(stock.languages)
    if not languages:
        raise UserError(f"arasaac: {stock.place} holds no language yet: expected --lang, such as --lang es")
    async with open_client(network.limits, sleep=network.sleep, verify=network.verify) as client:
        found = await bring_catalogues(
            client, stock, languages, order.api, order.filters, update=order.update, progress=progress
        )
        stock.drop_pictures(found.gone)
        wanted, there = stock.stamps(languages), stock.there()
        absent = {identifier: stamp for identifier, stamp in wanted.items() if identifier not in there}
        brought = Brought(stopped=found.stopped)
        if absent and not found.stopped:
            stock.expect_pictures()
            with transfer(f"arasaac: pictures of {stock.size} pixels", len(absent), show=progress) as step:
                brought = await bring_pictures(
                    client, stock, order.static, absent, size=stock.size, at_once=network.limits.connections, step=step
                )
    there |= brought.came
    version = stock.conclude(there)
    return Outcome(
        wanted=len(wanted),
        there=len(there & wanted.keys()),
        came=len(brought.came),
        bytes=brought.bytes,
        missing={**found.missing, **{str(one): why for one, why in sorted(brought.missing.items())}},
        stopped=brought.stopped,
        version=version,
    )
