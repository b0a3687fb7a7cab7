import unicodedata

import pytest

from gap.data import DATASETS, prepare
from gap.data.prompts import BARE, PROMPTS, caption, check_prompt, default_prompt, fill, words_of
from gap.errors import UserError


@pytest.mark.parametrize(
    ("language", "keywords", "expected"),
    [
        ("es", ["casa"], "Una imagen de casa"),
        ("es", ["casa", "hogar", "vivienda"], "Una imagen de casa, hogar, vivienda"),
        ("en", ["house", "home"], "A picture of house, home"),
        ("en", ["{0}", "{name}", "100 %"], "A picture of {0}, {name}, 100 %"),
        ("fr", ["abeille", "insecte"], "Une image : abeille, insecte"),
        ("zh", ["蜜蜂"], "图片：蜜蜂"),
    ],
)
def test_all_keywords_in_their_order(language: str, keywords: list[str], expected: str) -> None:
    assert caption(keywords, language) == expected


def test_another_prompt_takes_the_place_of_the_languages_own() -> None:
    assert caption(["bee", "wasp"], "en", "photo of {}, seen") == "photo of bee, wasp, seen"
    assert caption(["{}"], "en", "photo of {}") == "photo of {}"


def test_every_own_prompt_is_one_and_every_bundled_language_has_one() -> None:
    for prompt in PROMPTS.values():
        assert check_prompt(prompt) == prompt == unicodedata.normalize("NFC", prompt)
    assert set(DATASETS["pictograms"].languages or ()) <= set(PROMPTS)


def test_a_language_without_a_prompt_names_the_setting() -> None:
    assert set(DATASETS["arasaac"].languages or ()) - set(PROMPTS) == {"an", "br", "hi", "mk", "sq", "sr"}
    with pytest.raises(UserError, match=r"^prompt: expected a text with one {}, .*captions in 'sq' have no default"):
        default_prompt("sq")
    assert caption(["bletë"], "sq", "Foto: {}") == "Foto: bletë"


@pytest.mark.parametrize(
    "prompt",
    ["", " ", "a picture", "{} and {}", "{0}", "{x}", "a {} {0}", "{{}}", "{}}", "a {} b {", "{}\nb", "\u202e{}"],
)
def test_a_bad_prompt_is_one_line(prompt: str) -> None:
    with pytest.raises(UserError, match=r"^prompt: expected a text with one {}, where the words go, got ") as error:
        check_prompt(prompt)
    assert str(error.value).isprintable()
    with pytest.raises(UserError, match=r"^prompt: expected"):
        prepare("pictograms", language="es", image_size=8, prompt=prompt)


@pytest.mark.parametrize("prompt", [*PROMPTS.values(), "{} (dibujo)", "una foto de {} sobre blanco", BARE])
def test_words_come_out_of_a_prompt_as_they_went_in(prompt: str) -> None:
    made = prompt.replace(BARE, "abeja, insecto")
    assert words_of(prompt, made) == "abeja, insecto"
    assert words_of(prompt, "x") == "x"
    assert fill(prompt, "abeja, insecto") == made
    assert prompt == BARE or fill(prompt, made) == made


def test_a_prompt_that_overlaps_itself_is_not_taken_off() -> None:
    assert words_of("ab{}ba", "aba") == "aba"
