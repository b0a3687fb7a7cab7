import pytest

from gap.data import DATASETS
from gap.data.prompts import PROMPTS, caption


@pytest.mark.parametrize(
    ("language", "keywords", "expected"),
    [
        ("es", ["casa"], "Una imagen de casa"),
        ("es", ["casa", "hogar", "vivienda"], "Una imagen de casa, hogar, vivienda"),
        ("en", ["house", "home"], "A picture of house, home"),
        ("en", ["{0}", "{name}", "100 %"], "A picture of {0}, {name}, 100 %"),
    ],
)
def test_all_keywords_in_their_order(language: str, keywords: list[str], expected: str) -> None:
    assert caption(keywords, language) == expected


def test_another_prompt_takes_the_place_of_the_languages_own() -> None:
    assert caption(["bee", "wasp"], "en", "photo of {}, {0}") == "photo of bee, wasp, {0}"


def test_every_language_of_every_dataset_has_a_prompt() -> None:
    assert {language for source in DATASETS.values() for language in source.languages or ()} <= set(PROMPTS)
