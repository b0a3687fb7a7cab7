"""Bring the pictures that are not there yet, several at a time."""

import asyncio
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gap.data.arasaac.client import IMAGE, Client, FetchError
from gap.data.arasaac.manifest import Kept
from gap.data.arasaac.place import image_path
from gap.data.arasaac.stock import Stock
from gap.data.arasaac.verify import check_png
from gap.data.whole_files import replace_file

_IN_A_ROW = 20  # pictures that do not come before the host is left alone


@dataclass
class Brought:
    """What came of it: ids and bytes, why others did not come, and why none were asked for any more."""

    came: set[int] = field(default_factory=set)
    bytes: int = 0
    missing: dict[int, str] = field(default_factory=dict)
    stopped: str | None = None
    in_a_row: int = 0

    def count(self, identifier: int, failure: FetchError) -> None:
        """Take in a failure; a host that fails all the time is not asked on and on."""
        self.missing[identifier] = str(failure)
        self.in_a_row += 1
        if failure.ends:
            self.stopped = str(failure)
        elif self.in_a_row >= _IN_A_ROW and not self.stopped:
            self.stopped = f"{_IN_A_ROW} pictures in a row did not come, the last one: {failure}"


async def bring_pictures(
    client: Client,
    stock: Stock,
    static: str,
    wanted: Mapping[int, str | None],
    *,
    size: int,
    at_once: int,
    step: Callable[[int], None],
) -> Brought:
    """Fetch, verify, write and record the pictures of ``wanted``, whose values are their ``lastUpdated``.

    One that is not what it should be leaves the file that is there alone. ``step`` gets the bytes of each.
    """
    brought, todo = Brought(), iter(wanted)

    async def work() -> None:
        for identifier in todo:
            try:
                data = await client.get(f"{static}/pictograms/{identifier}/{identifier}_{size}.png", IMAGE)
                await asyncio.to_thread(_keep, image_path(stock.place, identifier), data, size)
                digest = hashlib.sha256(data).hexdigest()
                stock.take_picture(Kept(identifier, size, digest, len(data), wanted[identifier]))
            except FetchError as failure:
                brought.count(identifier, failure)
                step(0)
            except OSError as error:
                brought.count(identifier, FetchError(f"cannot write to {stock.place}: {error.strerror}", ends=True))
            else:
                brought.came.add(identifier)
                brought.bytes += len(data)
                brought.in_a_row = 0
                step(len(data))
            if brought.stopped:
                return

    workers = {asyncio.create_task(work()) for _ in range(at_once)}
    try:
        pending = workers
        while pending and not brought.stopped:
            done, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            for one in done:
                one.result()
    finally:  # Some may be waiting for their next try, or an answer.
        for one in workers:
            one.cancel()
        await asyncio.gather(*workers, return_exceptions=True)
    return brought


def _keep(path: Path, data: bytes, size: int) -> None:
    """Verify, then write. Raises ``FetchError`` for what is no such picture."""
    try:
        check_png(data, size)
    except ValueError as error:
        raise FetchError(str(error)) from None
    replace_file(path, lambda temporary: temporary.write_bytes(data))
