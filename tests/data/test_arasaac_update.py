from pathlib import Path

from local_copy import contents
from pretend_arasaac import Answer, Pretend, bring, catalogue, image, manifest, picture, record, version

from gap.data import open_dataset, prepare
from gap.data.arasaac.catalogue import read
from gap.data.arasaac.selection import Filters


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
