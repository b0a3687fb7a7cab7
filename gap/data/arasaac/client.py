"""A polite client: few connections, patience with a busy server, none with one that sends something else.

Only one host is ever spoken to for one address: a redirect to another scheme, host or port is refused. An answer is
read in pieces and cut off where it exceeds its limit, so that no server fills memory or disk.
"""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import metadata

import httpx2
from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from gap.data.arasaac.retry_after import seconds_asked
from gap.errors import UserError

LOOPBACK = "127.0.0.1"
_BUSY = {408, 425, 429, 500, 502, 503, 504}  # said of now, not of the address
_REDIRECTS = 3
_ENCODINGS = {"", "identity", "gzip"}  # others may swell a piece without bound


@dataclass(frozen=True)
class Limits:
    """How hard to try. Times are seconds: ``read`` between two pieces, ``longest_wait`` of what a server asks for."""

    connections: int = 6
    attempts: int = 5
    connect: float = 15.0
    read: float = 30.0
    longest_wait: float = 120.0


@dataclass(frozen=True)
class Kind:
    """What an answer has to be: its media type, at most so many bytes, whole within ``deadline`` seconds."""

    media_type: str
    max_bytes: int
    deadline: float


CATALOGUE = Kind("application/json", 64_000_000, 600.0)
IMAGE = Kind("image/png", 20_000_000, 120.0)


class FetchError(Exception):
    """Why an address gave nothing, in one line. ``again``: it may later; ``ends``: nothing else will come either."""

    def __init__(self, reason: str, *, again: bool = False, ends: bool = False) -> None:
        super().__init__(reason)
        self.again, self.ends = again, ends


def user_agent() -> str:
    """Name this program and its version, and where it is at home if its package says so."""
    about = metadata("clip-modality-gap")
    pages = [url.split(",", 1)[1].strip() for url in about.get_all("Project-URL") or [] if "," in url]
    return f"{about['Name']}/{about['Version']} ({'; '.join([*pages[:1], f'httpx2/{httpx2.__version__}'])})"


def checked_address(address: str) -> str:
    """Give the address that others are made of, without a slash at its end.

    Raises UserError unless it is https, or http at 127.0.0.1, and a host with or without a path.

    >>> checked_address("https://api.arasaac.org/")
    'https://api.arasaac.org'
    """
    try:
        url = httpx2.URL(address)
    except httpx2.InvalidURL:
        url = httpx2.URL("")
    encrypted = url.scheme == "https" and url.host
    if not (encrypted or (url.scheme == "http" and url.host == LOOPBACK)) or url.userinfo or url.query or url.fragment:
        raise UserError(f"expected an address as https://api.arasaac.org or http://{LOOPBACK}:8000, got {address!r}")
    return address.rstrip("/")


class Client:
    """Fetches one address after another; several calls may run at once."""

    def __init__(
        self, http: httpx2.AsyncClient, limits: Limits, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._http, self._limits, self._sleep = http, limits, sleep
        self._not_before = 0.0  # one call's Retry-After holds for all

    async def get(self, url: str, kind: Kind) -> bytes:
        """Fetch an answer of this kind, with another try where that may help. Raises ``FetchError``."""
        retrying = AsyncRetrying(
            retry=retry_if_exception(lambda error: isinstance(error, FetchError) and error.again),
            stop=stop_after_attempt(self._limits.attempts),
            wait=wait_exponential_jitter(max=60),
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self._once, httpx2.URL(url), kind)

    async def _once(self, url: httpx2.URL, kind: Kind) -> bytes:
        if (pause := self._not_before - time.monotonic()) > 0:
            await self._sleep(pause)
        try:
            return await asyncio.wait_for(self._fetch(url, kind), kind.deadline)
        except asyncio.TimeoutError:
            raise FetchError(f"{url.host} took longer than {kind.deadline:g} seconds", again=True) from None
        except httpx2.TimeoutException:
            raise FetchError(f"{url.host} does not answer", again=True) from None
        except httpx2.HTTPError as error:
            if (refused := _tls_error(error)) is not None:
                raise FetchError(f"{url.host}: its TLS is not to be trusted: {refused}", ends=True) from None
            raise FetchError(f"{url.host}: {_one_line(error)}", again=True) from None

    async def _fetch(self, url: httpx2.URL, kind: Kind) -> bytes:
        for _ in range(_REDIRECTS + 1):
            async with self._http.stream("GET", url, headers={"Accept": kind.media_type}) as answer:
                if answer.has_redirect_location:
                    url = _same_origin(url, answer.headers["location"])
                    continue
                self._check(answer, kind)
                return await _body(answer, kind)
        raise FetchError(f"{url.host} redirects more than {_REDIRECTS} times")

    def _check(self, answer: httpx2.Response, kind: Kind) -> None:
        """Raise ``FetchError`` unless status and headers are those of an answer of this kind."""
        code, headers = answer.status_code, answer.headers
        if code in _BUSY:
            now = datetime.now(timezone.utc)
            asked = seconds_asked(headers.get("retry-after"), now=now, longest=self._limits.longest_wait)
            self._not_before = max(self._not_before, time.monotonic() + asked)
            raise FetchError(f"HTTP {code}", again=True)
        if code != httpx2.codes.OK:
            raise FetchError(f"HTTP {code}")
        media_type = headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type != kind.media_type:
            raise FetchError(f"expected {kind.media_type}, got {_one_line(media_type) or 'no content type'}")
        if headers.get("content-encoding", "").strip().lower() not in _ENCODINGS:
            raise FetchError(f"an encoding that was not asked for: {_one_line(headers['content-encoding'])}")


def _one_line(text: object) -> str:
    return " ".join(str(text).split())[:200] or type(text).__name__


def _same_origin(url: httpx2.URL, location: str) -> httpx2.URL:
    """Follow a redirect in one host. Raises ``FetchError`` for any other."""
    try:
        target = url.join(location)
    except httpx2.InvalidURL:
        raise FetchError(f"{url.host} redirects to no address: {_one_line(location)}") from None
    if (target.scheme, target.host, target.port) != (url.scheme, url.host, url.port):
        raise FetchError(f"{url.host} redirects elsewhere, which is refused: {_one_line(location)}")
    return target


async def _body(answer: httpx2.Response, kind: Kind) -> bytes:
    """Read an answer up to its limit; what is beyond is not read."""
    too_large = FetchError(f"larger than {kind.max_bytes / 1e6:g} MB")
    declared = answer.headers.get("content-length", "")
    if declared.isdecimal() and (len(declared) > 18 or int(declared) > kind.max_bytes):
        raise too_large
    body = bytearray()
    async for piece in answer.aiter_bytes():
        body += piece
        if len(body) > kind.max_bytes:
            raise too_large
    return bytes(body)


def _tls_error(error: BaseException) -> str | None:
    """Find the reason in OpenSSL's words if a connection failed for its TLS, None if for anything else."""
    cause: BaseException | None = error if isinstance(error, httpx2.ConnectError) else None
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return getattr(cause, "verify_message", "") or cause.reason or _one_line(cause)
        cause = cause.__cause__ or cause.__context__
    return None


@asynccontextmanager
async def open_client(
    limits: Limits, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, verify: ssl.SSLContext | bool = True
) -> AsyncIterator[Client]:
    """Open the connections; ``verify`` is as httpx2's. The environment's proxies are used, but not for 127.0.0.1."""
    async with httpx2.AsyncClient(
        headers={"User-Agent": user_agent(), "Accept-Encoding": "gzip"},
        timeout=httpx2.Timeout(limits.read, connect=limits.connect, pool=None),
        limits=httpx2.Limits(max_connections=limits.connections, max_keepalive_connections=limits.connections),
        verify=verify,
        mounts={f"all://{LOOPBACK}": None},
        follow_redirects=False,
    ) as http:
        yield Client(http, limits, sleep)
