import asyncio
import hashlib
import json
import os
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from local_copy import contents, write_copy
from pretend_arasaac import Answer, Pretend, catalogue, image, picture, record, serving

from gap.data import open_dataset, prepare
from gap.data.arasaac.catalogue import read
from gap.data.arasaac.client import Limits
from gap.data.arasaac.download import Network, Order, Outcome, download
from gap.data.arasaac.selection import Filters
from gap.errors import UserError


@pytest.fixture
def pretend() -> Iterator[Pretend]:
    with serving(Pretend()) as server:
        server.catalogues["es"] = [record(number) for number in range(1, 9)]
        server.catalogues["en"] = [record(number, f"word {number}") for number in range(1, 9)]
        yield server


async def no_sleep(_: float) -> None:
    await asyncio.sleep(0)


QUICK = Network(Limits(read=5.0), sleep=no_sleep)


def bring(pretend: Pretend, place: Path, *languages: str, network: Network = QUICK, **order: Any) -> Outcome:
    asked = Order(languages, **{"api": pretend.address, "static": pretend.address, **order})
    return download(asked, place, network=network, progress=False)


def version(place: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((place / "version.json").read_text())
    return content


def manifest(place: Path) -> dict[int, dict[str, Any]]:
    return {one["id"]: one for one in map(json.loads, (place / "manifest.jsonl").read_text().splitlines())}


def test_a_download_is_what_the_dataset_reads(pretend: Pretend, tmp_path: Path) -> None:
    place = tmp_path / "arasaac"
    outcome = bring(pretend, place, "es", "en")
    assert outcome.is_whole
    assert (outcome.wanted, outcome.there, outcome.came) == (8, 8, 8)
    assert outcome.bytes == sum(len(picture(number)) for number in range(1, 9))
    assert [one.captions for one in read("en", place, None).records] == [
        (f"A picture of word {n}",) for n in range(1, 9)
    ]
    assert len(read("es", place, None).records) == 8
    assert sorted(pretend.asked) == sorted([catalogue("es"), catalogue("en"), *(image(n) for n in range(1, 9))])


def test_every_picture_is_recorded_with_its_digest(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    for number in range(1, 9):
        data = (tmp_path / "images" / f"{number}.png").read_bytes()
        assert data == picture(number)
        assert manifest(tmp_path)[number] == {
            "id": number,
            "size": 300,
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "lastUpdated": "2026-01-01T00:00:00.000Z",
        }


def test_licence_and_edition_lie_beside_the_data(pretend: Pretend, tmp_path: Path) -> None:
    outcome = bring(pretend, tmp_path, "es")
    licence = (tmp_path / "LICENCE.txt").read_text()
    for name in ("Sergio Palao", "ARASAAC (https://arasaac.org)", "Gobierno de Aragón", "CC BY-NC-SA 4.0"):
        assert name in licence
        assert name in version(tmp_path)["licence"]
    about = version(tmp_path)
    assert about["version"] == outcome.version
    assert about["version"] == f"{about['languages']['es']['fetched'][:10]}-{about['digest'][:8]}"
    assert (about["complete"], about["size"]) == (True, 300)
    assert about["images"] == {"count": 8, "bytes": outcome.bytes}
    assert (about["languages"]["es"]["records"], about["languages"]["es"]["missing"]) == (8, 0)


def test_what_is_there_is_not_fetched_again(pretend: Pretend, tmp_path: Path) -> None:
    first = bring(pretend, tmp_path, "es")
    before = contents(tmp_path)
    pretend.asked.clear()
    again = bring(pretend, tmp_path)
    assert pretend.asked == []
    assert again.is_whole
    assert (again.came, again.version) == (0, first.version)
    assert contents(tmp_path) == before


def test_a_second_language_needs_its_words_only(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "en").is_whole
    assert pretend.asked == [catalogue("en")]
    assert set(version(tmp_path)["languages"]) == {"es", "en"}


def test_a_damaged_and_a_missing_picture_are_fetched_again(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    damaged = bytearray(picture(3))
    damaged[-20] ^= 1
    (tmp_path / "images" / "3.png").write_bytes(damaged)
    (tmp_path / "images" / "5.png").unlink()
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es").is_whole
    assert sorted(pretend.pictures_asked()) == [3, 5]
    assert (tmp_path / "images" / "3.png").read_bytes() == picture(3)


def test_a_changed_catalogue_file_is_fetched_again(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    (tmp_path / "es.json").write_text("[]")
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es").is_whole
    assert pretend.asked == [catalogue()]


def test_another_size_replaces_the_pictures(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es", size=500).is_whole
    assert sorted(pretend.asked) == sorted(image(number, 500) for number in range(1, 9))
    assert {one["size"] for one in manifest(tmp_path).values()} == {500}


def test_never_more_than_six_connections(pretend: Pretend, tmp_path: Path) -> None:
    pretend.catalogues["es"] = [record(number) for number in range(60)]
    together = threading.Barrier(6)

    class Meeting(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            together.wait(timeout)  # nobody is answered before six ask at once
            return True

    for number in range(6):
        pretend.fail(image(number), Answer(picture(number), wait=Meeting()))
    assert bring(pretend, tmp_path, "es").is_whole
    assert pretend.most_connections == 6


def test_hostile_records_harm_nobody(pretend: Pretend, tmp_path: Path) -> None:
    place = tmp_path / "deep" / "er" / "arasaac"
    hostile = ["../../x", "../../../etc/passwd", 1e99, -1, True, None, 10**30, 2.0, [1], {"a": 1}, "9"]
    pretend.catalogues["es"] = [
        *({**record(1), "_id": one} for one in hostile),
        {"keywords": []}, "x", None, 7,
        record(5, "uno"), record(5, "dos"),
        {**record(6), "keywords": None}, {**record(7), "keywords": []}, {**record(8), "keywords": "&amp;"},
        record(9, "sal &amp; pimienta", "&nbsp;"), {**record(10), "keywords": [{"keyword": None}, {}, 3]},
        {**record(11), "categories": 5, "tags": None, "lastUpdated": {"a": 1}},
    ]  # fmt: skip
    outcome = bring(pretend, place, "es")
    assert outcome.is_whole
    assert sorted(pretend.pictures_asked()) == [5, 9, 11]
    captions = {one.id: one.captions for one in read("es", place, None).records}
    assert captions == {
        "5": ("Una imagen de uno",),
        "9": ("Una imagen de sal & pimienta",),
        "11": ("Una imagen de palabra 11",),
    }
    assert all(Path(name).parts[:3] == ("deep", "er", "arasaac") for name in contents(tmp_path))
    assert sorted(path.name for path in (place / "images").iterdir()) == ["11.png", "5.png", "9.png"]


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


def test_an_update_fetches_what_has_changed(pretend: Pretend, tmp_path: Path) -> None:
    first = bring(pretend, tmp_path, "es")
    later = "2026-05-05T00:00:00.000Z"
    # 2 is withdrawn, 3 has changed, 9 is new, 4 has been downloaded more often
    pretend.catalogues["es"] = [
        record(1), record(3, "cambiada", updated=later), {**record(4), "downloads": 10**6}, *map(record, range(5, 10)),
    ]  # fmt: skip
    pretend.pictures[3] = picture(300)
    pretend.asked.clear()
    second = bring(pretend, tmp_path, update=True)
    assert second.is_whole
    assert pretend.asked[0] == catalogue()
    assert sorted(pretend.pictures_asked()) == [3, 9]
    assert second.version != first.version
    assert (tmp_path / "images" / "3.png").read_bytes() == picture(300)
    assert not (tmp_path / "images" / "2.png").exists()
    assert sorted(manifest(tmp_path)) == [1, 3, 4, 5, 6, 7, 8, 9]
    assert manifest(tmp_path)[3]["lastUpdated"] == later


def test_an_update_without_news_is_the_same_edition(pretend: Pretend, tmp_path: Path) -> None:
    first = bring(pretend, tmp_path, "es")
    pretend.catalogues["es"] = [{**record(number), "downloads": 7} for number in range(8, 0, -1)]
    pretend.asked.clear()
    assert bring(pretend, tmp_path, update=True).version == first.version
    assert pretend.asked == [catalogue()]


def test_a_withdrawn_picture_stays_while_another_language_names_it(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es", "en")
    pretend.catalogues["es"] = [record(number) for number in range(2, 9)]
    assert bring(pretend, tmp_path, "es", update=True).is_whole
    assert (tmp_path / "images" / "1.png").exists()
    pretend.catalogues["en"] = [record(number, f"word {number}") for number in range(2, 9)]
    assert bring(pretend, tmp_path, "en", update=True).is_whole
    assert not (tmp_path / "images" / "1.png").exists()


def test_an_update_that_failed_half_way_is_finished_by_the_next_run(pretend: Pretend, tmp_path: Path) -> None:
    bring(pretend, tmp_path, "es")
    pretend.catalogues["es"] = [record(number, updated="2026-05-05") for number in range(1, 9)]
    pretend.pictures[3] = picture(300)
    pretend.fail(image(3), Answer(status=404))
    assert list(bring(pretend, tmp_path, update=True).missing) == ["3"]
    assert (tmp_path / "images" / "3.png").read_bytes() == picture(3)  # what was good is left
    pretend.asked.clear()
    assert bring(pretend, tmp_path).is_whole
    assert pretend.asked == [image(3)]
    assert (tmp_path / "images" / "3.png").read_bytes() == picture(300)


def test_prepared_datasets_of_two_editions_stand_side_by_side(pretend: Pretend, tmp_path: Path) -> None:
    place, cache = tmp_path / "arasaac", tmp_path / "cache"

    def prepared() -> Path:
        return prepare("arasaac", language="es", image_size=8, data_dir=place, cache_dir=cache, progress=False)

    bring(pretend, place, "es")
    old = prepared()
    before = contents(old)
    pretend.catalogues["es"] = [record(1, "cambiada", updated="2026-05-05"), *map(record, range(3, 12))]
    pretend.pictures[1] = picture(300)
    bring(pretend, place, update=True)
    new = prepared()
    assert old != new
    assert contents(old) == before
    first, second = open_dataset(old), open_dataset(new)
    assert first.data_hash != second.data_hash
    assert (first.ids, second.ids) == ([str(n) for n in range(1, 9)], [str(n) for n in (1, *range(3, 12))])


def test_filters_choose_what_is_written_and_fetched(pretend: Pretend, tmp_path: Path) -> None:
    pretend.catalogues["es"] = [record(1), record(2, sex=True), record(3, violence=True), record(4, schematic=True)]
    without = Filters(exclude=("sex", "violence"))
    assert bring(pretend, tmp_path, "es", filters=without).is_whole
    assert sorted(pretend.pictures_asked()) == [1, 4]
    assert [one.id for one in read("es", tmp_path, None).records] == ["1", "4"]
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es", filters=Filters()).is_whole
    assert pretend.asked[0] == catalogue()
    assert sorted(pretend.pictures_asked()) == [2, 3]


def test_what_is_not_given_is_as_the_last_time(pretend: Pretend, tmp_path: Path) -> None:
    pretend.catalogues["es"][1]["sex"] = pretend.catalogues["en"][1]["sex"] = True
    bring(pretend, tmp_path, "es", filters=Filters(exclude=("sex",)), size=500)
    pretend.asked.clear()
    assert bring(pretend, tmp_path, update=True).is_whole
    assert pretend.asked == [catalogue()]
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "en").is_whole
    assert pretend.asked == [catalogue("en")]
    assert [one.id for one in read("en", tmp_path, None).records] == ["1", *map(str, range(3, 9))]
    assert version(tmp_path)["size"] == 500


def test_a_picture_that_was_filtered_out_while_it_changed_is_fetched_again(pretend: Pretend, tmp_path: Path) -> None:
    pretend.catalogues["es"][1]["sex"] = True
    bring(pretend, tmp_path, "es")
    bring(pretend, tmp_path, "es", filters=Filters(exclude=("sex",)))
    pretend.catalogues["es"][1]["lastUpdated"] = "2026-05-05"
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es", filters=Filters()).is_whole
    assert pretend.asked == [catalogue(), image(2)]


def test_nothing_outside_the_directory_is_written(pretend: Pretend, tmp_path: Path) -> None:
    (tmp_path / "neighbour").mkdir()
    (tmp_path / "neighbour" / "5.png").write_bytes(b"precious")
    before = contents(tmp_path)
    bring(pretend, tmp_path / "arasaac", "es")
    outside = {name: data for name, data in contents(tmp_path).items() if not name.startswith("arasaac/")}
    assert outside == before


@pytest.mark.parametrize("name", ["images", "es.json", "manifest.jsonl", "version.json", "LICENCE.txt", ".lock"])
def test_a_link_that_leads_out_is_refused(pretend: Pretend, tmp_path: Path, name: str) -> None:
    place, outside = tmp_path / "arasaac", tmp_path / "outside"
    place.mkdir()
    outside.mkdir()
    (outside / "file").write_bytes(b"precious")
    (place / name).symlink_to(outside if name == "images" else outside / "file")
    with pytest.raises(UserError, match=rf"{name} is a link, and nothing is written through links"):
        bring(pretend, place, "es")
    assert contents(outside) == {"file": b"precious"}
    assert pretend.asked == []


def test_a_picture_that_is_a_link_is_replaced_not_followed(pretend: Pretend, tmp_path: Path) -> None:
    place, outside = tmp_path / "arasaac", tmp_path / "outside.png"
    bring(pretend, place, "es")
    outside.write_bytes(picture(3))
    for number in (3, 4):
        (place / "images" / f"{number}.png").unlink()
        (place / "images" / f"{number}.png").symlink_to(outside)
    assert bring(pretend, place, "es").is_whole
    assert outside.read_bytes() == picture(3)
    assert not (place / "images" / "3.png").is_symlink()
    assert (place / "images" / "4.png").read_bytes() == picture(4)


@pytest.mark.parametrize("language", ["es", "en"])
def test_somebodys_own_copy_is_left_alone(pretend: Pretend, tmp_path: Path, language: str) -> None:
    write_copy(tmp_path, 3)
    (tmp_path / "LICENCE.txt").write_text("my own")
    before = contents(tmp_path)
    with pytest.raises(UserError, match=r"es\.json was not written by this program: give another --data-dir"):
        bring(pretend, tmp_path, language)
    assert contents(tmp_path) == before
    assert pretend.asked == []


def test_nothing_is_left_where_nothing_came(pretend: Pretend, tmp_path: Path) -> None:
    pretend.fail(catalogue(), Answer(status=404), Answer(status=404))
    assert not bring(pretend, tmp_path / "new", "es").is_whole
    assert not (tmp_path / "new").exists()
    (tmp_path / "old").mkdir()
    bring(pretend, tmp_path / "old", "es")
    assert list((tmp_path / "old").iterdir()) == []
    with pytest.raises(UserError, match=r"^unknown category"):
        bring(pretend, tmp_path / "new", "es", filters=Filters(categories=("none such",)))
    assert not (tmp_path / "new").exists()


def test_a_directory_that_cannot_be_made_is_one_line(pretend: Pretend, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*file[^\n]*: [^\n]+$"):
        bring(pretend, tmp_path / "file" / "arasaac", "es")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*file[^\n]*: [^\n]+$"):
        bring(pretend, tmp_path / "file", "es")
    (tmp_path / "place").mkdir()
    (tmp_path / "place" / "images").write_text("in the way")
    with pytest.raises(UserError, match=r"^cannot read or write [^\n]*images: [^\n]+$"):
        bring(pretend, tmp_path / "place", "es")


def test_a_disk_that_fills_up_leaves_what_was_good(
    pretend: Pretend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, written = os.replace, []

    def full(path: Path, target: Path) -> Any:
        if target.parent.name == "images":
            written.append(target)
            if len(written) > 3:
                raise OSError(28, "No space left on device")
        return real(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full)
        outcome = bring(pretend, tmp_path, "es")
    assert outcome.stopped is not None
    assert outcome.stopped.endswith("No space left on device")
    assert outcome.there == 3
    assert not list((tmp_path / "images").glob(".*"))
    pretend.asked.clear()
    assert bring(pretend, tmp_path, "es").is_whole
    assert len(pretend.asked) == 5


def test_two_downloads_do_not_meet(pretend: Pretend, tmp_path: Path) -> None:
    never = threading.Event()
    pretend.fail(catalogue(), Answer(b"[]", kind="application/json", wait=never))
    first = threading.Thread(target=lambda: bring(pretend, tmp_path, "es", network=Network(Limits(attempts=1))))
    first.start()
    pretend.wait_for(1)
    try:
        with pytest.raises(UserError, match=r"^another download is writing to "):
            bring(pretend, tmp_path, "es")
    finally:
        never.set()
        first.join()


@pytest.mark.parametrize(
    "languages",
    [
        {"../../x": {"fetched": "2026", "sha256": "0"}},
        {"es": 5},
        {"es": {"fetched": 5, "sha256": []}},
        {"es": {}},
        [],
        7,
    ],
)
def test_a_damaged_version_file_says_nothing(pretend: Pretend, tmp_path: Path, languages: Any) -> None:
    place = tmp_path / "deep" / "arasaac"
    place.mkdir(parents=True)
    (place / "version.json").write_text(json.dumps({"format": 1, "languages": languages, "digest": 3, "version": []}))
    with pytest.raises(UserError, match=r"holds no language yet"):
        bring(pretend, place)
    assert bring(pretend, place, "es").is_whole
    assert all(Path(name).parts[:2] == ("deep", "arasaac") for name in contents(tmp_path))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ({"languages": ("xx",)}, r"^unknown language of arasaac 'xx': "),
        ({"languages": ("es",), "size": 301}, r"^size: expected one of 300, 500, 2500 pixels, got 301$"),
        ({"languages": ("es",), "api": "http://api.arasaac.org"}, r"^expected an address as https"),
        ({"languages": ("es",), "static": "file:///etc"}, r"^expected an address as https"),
        ({"languages": ()}, r"holds no language yet: expected --lang, such as --lang es$"),
    ],
)
def test_an_order_that_makes_no_sense(tmp_path: Path, order: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        download(Order(**order), tmp_path, progress=False)
