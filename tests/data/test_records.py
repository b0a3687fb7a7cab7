from pathlib import Path

import pytest

from gap.data.records import Catalogue, ImageFile, Skipped, Source, check_language, name_some, stop_if_many
from gap.errors import UserError


def skipped(number: int) -> list[Skipped]:
    return [Skipped(str(index), "no keywords") for index in range(number)]


@pytest.mark.parametrize(("unusable", "total"), [(0, 0), (0, 1), (1, 100), (2, 200), (98, 9879)])
def test_one_per_cent_is_bearable(unusable: int, total: int) -> None:
    stop_if_many("arasaac", skipped(unusable), total)
    assert not unusable > total / 100


@pytest.mark.parametrize(("unusable", "total"), [(1, 1), (1, 99), (2, 199), (3, 200), (99, 9879), (7, 7)])
def test_more_than_one_per_cent_stops(unusable: int, total: int) -> None:
    with pytest.raises(UserError, match=rf"^arasaac: {unusable} of {total:,} images are unusable, .* 1%.*: 0 \(no key"):
        stop_if_many("arasaac", skipped(unusable), total)


def test_five_are_named_and_the_rest_hinted_at() -> None:
    assert name_some([]) == ""
    assert name_some(skipped(5)).endswith("4 (no keywords)")
    assert name_some(skipped(6)) == name_some(skipped(5)) + ", ..."


def source(languages: tuple[str, ...] | None) -> Source:
    return Source(languages=languages, licence="none", layout=None, read=lambda *_: Catalogue([], []))


def test_a_path_is_an_image_file(tmp_path: Path) -> None:
    assert isinstance(tmp_path / "bee.png", ImageFile)


@pytest.mark.parametrize("language", ["en", "pt-BR", "zh-Hant", "fil"])
def test_whole_captions_may_be_of_any_language(language: str) -> None:
    check_language("folder", source(None), language)


@pytest.mark.parametrize("language", ["", "english", "EN", "e", "en_US", "en-", "../en", "en\n"])
def test_what_is_no_tag_of_a_language_is_refused(language: str) -> None:
    with pytest.raises(UserError, match=r"^language of folder: expected a tag such as en, es or pt-BR, got "):
        check_language("folder", source(None), language)


def test_a_source_with_languages_of_its_own_names_them() -> None:
    check_language("arasaac", source(("es", "en")), "es")
    with pytest.raises(UserError, match=r"^unknown language of arasaac 'fr': Allowed: en, es$"):
        check_language("arasaac", source(("es", "en")), "fr")
