import asyncio
import gzip
import ssl
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import pytest
import trustme
from pretend_arasaac import Answer, Pretend, image, picture, serving

from gap.data.arasaac.client import IMAGE, Client, FetchError, Kind, Limits, checked_address, open_client, user_agent
from gap.errors import UserError


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    with serving(Pretend()) as server:
        yield server


class Slept(list[float]):
    """Remembers how long it should have slept, and does not."""

    async def __call__(self, seconds: float) -> None:
        self.append(seconds)
        await asyncio.sleep(0)


def fetch(
    address: str,
    path: str = image(1),
    *,
    kind: Kind = IMAGE,
    limits: Limits | None = None,
    slept: Slept | None = None,
    verify: ssl.SSLContext | bool = True,
) -> bytes:
    async def go() -> bytes:
        slept_ = Slept() if slept is None else slept
        async with open_client(limits or Limits(), sleep=slept_, verify=verify) as client:
            assert isinstance(client, Client)
            return await client.get(address + path, kind)

    return asyncio.run(go())


def test_an_answer_comes_whole(pretend: Pretend) -> None:
    slept = Slept()
    assert fetch(pretend.address, slept=slept) == picture(1)
    assert pretend.asked == [image(1)]
    assert slept == []


def test_it_says_what_it_is(pretend: Pretend) -> None:
    fetch(pretend.address)
    assert pretend.agents == {user_agent()}
    assert user_agent().startswith("clip-modality-gap/0.1.0 (")


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(pretend: Pretend, status: int) -> None:
    pretend.fail(image(1), Answer(status=status), Answer(status=status))
    slept = Slept()
    assert fetch(pretend.address, slept=slept) == picture(1)
    assert len(pretend.asked) == 3
    assert 1 <= slept[0] <= 2
    assert 2 <= slept[1] <= 3  # twice as long, and up to a second by chance


def test_there_is_an_end_to_patience(pretend: Pretend) -> None:
    pretend.fail(image(1), *[Answer(status=503)] * 9)
    slept = Slept()
    with pytest.raises(FetchError, match=r"^HTTP 503$"):
        fetch(pretend.address, slept=slept)
    assert len(pretend.asked) == 5
    assert len(slept) == 4
    assert sum(slept) >= 1 + 2 + 4 + 8


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501])
def test_what_will_not_change_is_asked_once(pretend: Pretend, status: int) -> None:
    pretend.fail(image(1), Answer(status=status))
    with pytest.raises(FetchError, match=rf"^HTTP {status}$"):
        fetch(pretend.address)
    assert len(pretend.asked) == 1


def test_retry_after_in_seconds_is_kept_to(pretend: Pretend) -> None:
    pretend.fail(image(1), Answer(status=429, headers={"Retry-After": "37"}))
    slept = Slept()
    fetch(pretend.address, slept=slept)
    assert any(36 < seconds <= 37 for seconds in slept)


def test_retry_after_as_a_date_is_kept_to(pretend: Pretend) -> None:
    when = format_datetime(datetime.now(timezone.utc) + timedelta(seconds=50), usegmt=True)
    pretend.fail(image(1), Answer(status=503, headers={"Retry-After": when}))
    slept = Slept()
    fetch(pretend.address, slept=slept)
    assert any(40 < seconds <= 50 for seconds in slept)


@pytest.mark.parametrize(
    ("asked", "most"), [("86400", 120), ("1e300", 120), ("soon", 2), ("-5", 2), ("nan", 2), ("", 2)]
)
def test_no_retry_after_holds_for_ever(pretend: Pretend, asked: str, most: float) -> None:
    pretend.fail(image(1), Answer(status=429, headers={"Retry-After": asked}))
    slept = Slept()
    fetch(pretend.address, slept=slept)
    assert max(slept) <= most


def test_retry_after_holds_for_every_picture(pretend: Pretend) -> None:
    pretend.fail(image(1), Answer(status=429, headers={"Retry-After": "60"}))
    slept = Slept()

    async def go() -> None:
        async with open_client(Limits(attempts=1), sleep=slept) as client:
            with pytest.raises(FetchError, match=r"^HTTP 429$"):
                await client.get(pretend.address + image(1), IMAGE)
            assert await client.get(pretend.address + image(2), IMAGE) == picture(2)

    asyncio.run(go())
    assert any(59 < seconds <= 60 for seconds in slept)


def test_a_server_that_hangs_is_asked_again(pretend: Pretend) -> None:
    never = threading.Event()
    pretend.fail(image(1), Answer(wait=never))
    try:
        assert fetch(pretend.address, limits=Limits(read=0.3)) == picture(1)
    finally:
        never.set()
    assert len(pretend.asked) == 2


def test_a_server_that_drips_runs_into_the_deadline(pretend: Pretend) -> None:
    enough = threading.Event()

    def drip() -> Iterator[bytes]:
        while not enough.wait(0.05):
            yield b"."

    pretend.fail(image(1), Answer(drip(), length=1_000_000), Answer(drip(), length=1_000_000))
    try:
        with pytest.raises(FetchError, match=r"^127\.0\.0\.1 took longer than 0\.5 seconds$"):
            fetch(pretend.address, kind=Kind("image/png", 10**6, 0.5), limits=Limits(attempts=2, read=5.0))
    finally:
        enough.set()
    assert len(pretend.asked) == 2


def test_a_body_that_is_cut_short_is_asked_for_again(pretend: Pretend) -> None:
    pretend.fail(image(1), Answer(picture(1)[:40], length=len(picture(1))))
    assert fetch(pretend.address) == picture(1)
    assert len(pretend.asked) == 2


def test_a_body_that_is_always_cut_short_is_none(pretend: Pretend) -> None:
    pretend.fail(image(1), *[Answer(picture(1)[:40], length=len(picture(1)))] * 5)
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1: [^\n]+$"):
        fetch(pretend.address)


def test_no_server_at_all_is_one_line(pretend: Pretend) -> None:
    with serving(Pretend()) as gone:
        pass
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1: [^\n]+$"):
        fetch(gone.address, limits=Limits(attempts=2))


@pytest.mark.parametrize(
    "kind", ["text/html", "text/html; charset=utf-8", "application/octet-stream", "image/svg+xml", ""]
)
def test_another_content_type_is_refused(pretend: Pretend, kind: str) -> None:
    pretend.fail(image(1), Answer(picture(1), kind=kind))
    with pytest.raises(FetchError, match=r"^expected image/png, got "):
        fetch(pretend.address)
    assert len(pretend.asked) == 1


def test_an_encoding_that_was_not_asked_for_is_refused(pretend: Pretend) -> None:
    pretend.fail(image(1), Answer(picture(1), headers={"Content-Encoding": "br"}))
    with pytest.raises(FetchError, match=r"^an encoding that was not asked for: br$"):
        fetch(pretend.address)


@pytest.mark.parametrize("length", [None, 200_000_000])
def test_200_mb_are_not_taken(pretend: Pretend, length: int | None) -> None:
    pretend.fail(image(1), Answer((b"\x89" * 1_000_000 for _ in range(200)), length=length))
    with pytest.raises(FetchError, match=r"^larger than 20 MB$"):
        fetch(pretend.address)
    assert len(pretend.asked) == 1
    assert pretend.sent < 60_000_000  # what was on its way when the client hung up


def test_a_swollen_body_is_measured_as_it_swells(pretend: Pretend) -> None:
    packed = gzip.compress(bytes(30_000_000))
    pretend.fail(image(1), Answer(packed, headers={"Content-Encoding": "gzip"}))
    assert len(packed) < 100_000
    with pytest.raises(FetchError, match=r"^larger than 20 MB$"):
        fetch(pretend.address)


def test_a_redirect_within_the_host_is_followed(pretend: Pretend) -> None:
    pretend.fail("/old/1.png", Answer(status=301, headers={"Location": "../new.png"}))
    pretend.fail("/new.png", Answer(status=302, headers={"Location": image(2)}))
    assert fetch(pretend.address, "/old/1.png") == picture(2)


@pytest.mark.parametrize(
    "location",
    [
        "http://localhost:{port}/pictograms/2/2_300.png",
        "//evil.example/2.png",
        "http://127.0.0.1:1/2.png",
        "https://127.0.0.1:{port}/2.png",
        "http://user:secret@evil.example/",
        "file:///etc/passwd",
        "FILE:/etc/passwd",
        "ftp://127.0.0.1/2.png",
        "data:image/png;base64,iVBORw0KGgo=",
        "http://[::1",
    ],
)
def test_a_redirect_elsewhere_is_refused(pretend: Pretend, location: str) -> None:
    with serving(Pretend()) as other:
        port = pretend.address.rsplit(":", 1)[1]
        pretend.fail(image(1), Answer(status=302, headers={"Location": location.format(port=port)}))
        with pytest.raises(FetchError, match=r"^127\.0\.0\.1(: | redirects )[^\n]+$"):
            fetch(pretend.address, limits=Limits(attempts=1))
    assert pretend.asked == [image(1)]
    assert other.asked == []


def test_redirects_have_an_end(pretend: Pretend) -> None:
    pretend.fail(image(1), *[Answer(status=307, headers={"Location": image(1)})] * 9)
    with pytest.raises(FetchError, match=r"redirects more than 3 times$"):
        fetch(pretend.address)
    assert len(pretend.asked) == 4


def tls_of(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused_at_once() -> None:
    with serving(Pretend(), tls_of(trustme.CA())) as server:
        with pytest.raises(FetchError, match=r"^127\.0\.0\.1: its TLS is not to be trusted: [^\n]+$") as caught:
            fetch(server.address)
        assert caught.value.ends
        assert server.asked == []


def test_a_certificate_that_is_trusted_is_taken() -> None:
    authority = trustme.CA()
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    with serving(Pretend(), tls_of(authority)) as server:
        assert fetch(server.address, verify=trusting) == picture(1)


def test_a_host_that_speaks_no_tls_is_refused(pretend: Pretend) -> None:
    with pytest.raises(FetchError, match=r"^127\.0\.0\.1: [^\n]+$"):
        fetch(pretend.address.replace("http:", "https:"), limits=Limits(attempts=1))
    assert pretend.asked == []


def test_a_proxy_of_the_environment_is_not_asked_for_this_machine(
    pretend: Pretend, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert fetch(pretend.address) == picture(1)


@pytest.mark.parametrize(
    "address", ["https://api.arasaac.org", "https://mirror.example/arasaac/", "http://127.0.0.1:8000"]
)
def test_addresses_that_are_taken(address: str) -> None:
    assert checked_address(address) == address.rstrip("/")


@pytest.mark.parametrize(
    "address",
    [
        "http://api.arasaac.org", "api.arasaac.org", "file:///etc", "https://", "", "http://127.0.0.1.evil.example",
        "https://me:secret@host", "https://host/?a=b", "http://[::1", "ftp://127.0.0.1",
    ],
)  # fmt: skip
def test_addresses_that_are_refused(address: str) -> None:
    with pytest.raises(UserError, match=r"^expected an address as https://api\.arasaac\.org or http://127[^\n]+$"):
        checked_address(address)
