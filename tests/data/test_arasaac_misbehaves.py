import ssl
from pathlib import Path

import pytest
import trustme
from local_copy import contents
from pretend_arasaac import Answer, Pretend, bring, catalogue, image, picture, record, serving, version

from gap.data.arasaac.catalogue import read

BAD = {
    "html": (Answer(b"<html>error</html>"), "not a PNG"),
    "html said to be html": (Answer(b"<html>error</html>", kind="text/html"), "expected image/png, got text/html"),
    "bomb": (Answer(picture(1).replace(b"\0\0\0\x0c\0\0\0\x0c", b"\0\0\xff\xff\0\0\xff\xff")), "65535 x 65535 pixels"),
    "cut short": (Answer(picture(1)[:50]), "a damaged PNG"),
    "gone": (Answer(status=404, kind="text/html"), "HTTP 404"),
    "large": (Answer((bytes(1_000_000) for _ in range(200)), length=None), "larger than 20 MB"),
    "elsewhere": (Answer(status=302, headers={"Location": "https://evil.example/1.png"}), "redirects elsewhere"),
    "a file": (Answer(status=302, headers={"Location": "file:///etc/passwd"}), "redirects elsewhere"),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_picture_is_missing_and_the_others_are_there(pretend: Pretend, tmp_path: Path, what: str) -> None:
    answer, reason = BAD[what]
    pretend.fail(image(4), answer)
    outcome = bring(pretend, tmp_path, "es")
    assert not outcome.is_whole
    assert list(outcome.missing) == ["4"]
    assert reason in outcome.missing["4"]
    assert (outcome.wanted, outcome.there) == (8, 7)
    assert "4.png" not in {path.name for path in (tmp_path / "images").iterdir()}
    assert (version(tmp_path)["complete"], version(tmp_path)["languages"]["es"]["missing"]) == (False, 1)
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es").is_whole
    assert pretend.asked == [image(4)]


def test_a_busy_host_and_bodies_cut_short_are_overcome(pretend: Pretend, tmp_path: Path) -> None:
    pretend.fail(catalogue(), Answer(status=503), Answer(b"[{", kind="application/json", length=5000))
    pretend.fail(image(1), Answer(status=429, headers={"Retry-After": "5"}), Answer(status=500))
    pretend.fail(image(2), Answer(picture(2)[:30], length=len(picture(2))))
    assert bring(pretend, tmp_path, "es").is_whole


def test_a_host_that_fails_all_the_time_is_left_alone(pretend: Pretend, tmp_path: Path) -> None:
    pretend.catalogues["es"] = [record(number) for number in range(1, 200)]
    for number in range(11, 200):
        pretend.fail(image(number), *[Answer(status=500)] * 5)
    outcome = bring(pretend, tmp_path, "es")
    assert outcome.stopped == "20 pictures in a row did not come, the last one: HTTP 500"
    assert len(set(pretend.pictures_asked())) < 50
    assert (outcome.there, outcome.wanted) == (10, 199)


CATALOGUES = {
    "server error": Answer(status=500),
    "html": Answer(b"<html>", kind="text/html"),
    "no json": Answer(b"<html>", kind="application/json"),
    "no list": Answer(b"{}", kind="application/json"),
    "empty": Answer(b"[]", kind="application/json"),
    "deep": Answer(b"[" * 100_000, kind="application/json"),
}


@pytest.mark.parametrize("what", CATALOGUES)
def test_a_catalogue_that_does_not_come_leaves_the_old_one(pretend: Pretend, tmp_path: Path, what: str) -> None:
    bring(pretend, tmp_path, "es")
    before = contents(tmp_path)
    pretend.fail(catalogue(), *[CATALOGUES[what]] * 5)
    outcome = bring(pretend, tmp_path, "es", update=True)
    assert list(outcome.missing) == ["es.json"]
    assert not outcome.is_whole
    assert outcome.there == 8
    assert contents(tmp_path) == before


def test_a_catalogue_that_has_lost_most_records_is_not_taken(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    pretend.catalogues["es"] = [record(1)]
    outcome = bring(pretend, tmp_path, "es", update=True)
    assert outcome.missing == {"es.json": "lists 1 records where it listed 8: not taken"}
    assert outcome.there == 8


def test_one_language_that_does_not_come_leaves_the_other(pretend: Pretend, tmp_path: Path) -> None:
    pretend.fail(catalogue("es"), *[Answer(status=500)] * 5)
    outcome = bring(pretend, tmp_path, "es", "en")
    assert outcome.missing == {"es.json": "HTTP 500"}
    assert len(read("en", tmp_path, None).records) == 8


def test_tls_that_is_refused_ends_it_at_once(tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with serving(Pretend(), context) as server:
        outcome = bring(server, tmp_path, "es", "en")
    assert list(outcome.missing) == ["es.json"]
    assert outcome.missing["es.json"].startswith("127.0.0.1: its TLS is not to be trusted: ")
    assert outcome.stopped == outcome.missing["es.json"]
    assert outcome.version is None
