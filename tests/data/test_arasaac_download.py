import hashlib
import threading
from pathlib import Path

from local_copy import contents
from pretend_arasaac import Answer, Pretend, bring, catalogue, image, manifest, picture, record, version

from gap.data.arasaac.catalogue import read


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
