import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gap.data.captions import caption_ids, caption_key, clean_caption


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" two\t words\u00a0and \n", "two words and"),
        ("a\x00b\x1b[2Jc\x9b", "a b [2Jc"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\ud800b", "ab"),
        ("", None),
        (" \n", None),
        ("\ud800", None),
        (None, None),
        (7, None),
        (float("nan"), None),
    ],
)
def test_captions_are_cleaned(text: object, expected: str | None) -> None:
    assert clean_caption(text) == expected


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Sol", " sol "),
        ("un niño  en la mesa", unicodedata.normalize("NFD", "Un niño en la mesa")),
        ("una\u00a0abeja", "una\tabeja\n"),
        ("STRASSE", "straße"),
        ("ΟΔΟΣ", "οδος"),
        ("\u212b", "å"),  # the sign of the angstrom
        ("İzmir", unicodedata.normalize("NFD", "İZMIR").replace("MI", "mi")),
        ("\u1fb7", unicodedata.normalize("NFD", "\u1fb7")),  # three marks, whose order folding could change
    ],
)
def test_what_is_equal(one: str, other: str) -> None:
    assert caption_key(one) == caption_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("a bee", "a bee."), ("niño", "nino"), ("abee", "a bee"), ("🐀", "🐁"), ("¹", "1")]
)
def test_what_differs(one: str, other: str) -> None:
    assert caption_key(one) != caption_key(other)


texts = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \t\u0301\u0345\u0307ıİIißẞςΣ\u1fb7\u00a0"))
)


@given(texts)
def test_the_key_of_a_key_is_itself_and_no_form_of_a_text_matters(text: str) -> None:
    key = caption_key(text)
    assert caption_key(key) == key == " ".join(key.split()) == unicodedata.normalize("NFC", key)
    assert {caption_key(unicodedata.normalize(form, text)) for form in ("NFC", "NFD")} == {key}
    assert caption_key(text.casefold()) == caption_key(f"\n {text}\u3000") == key


@given(st.text(st.characters(max_codepoint=127)))
def test_the_way_of_plain_letters_is_that_of_all_others(text: str) -> None:
    assert caption_key(text) == caption_key(f"{text} é").removesuffix("é").strip()


def test_no_character_changes_twice() -> None:
    for number in (*range(0xD800), *range(0xE000, sys.maxunicode + 1)):
        key = caption_key(chr(number))
        assert caption_key(key) == key == caption_key(unicodedata.normalize("NFD", chr(number)))


@given(st.lists(st.sampled_from(["Sol", "sol", "SOL ", "luna", "lun\u0301a", "lúna"])))
def test_ids_number_equal_captions_alike(captions: list[str]) -> None:
    ids = caption_ids(captions)
    first = list(dict.fromkeys(map(caption_key, captions)))
    assert ids.tolist() == [first.index(caption_key(caption)) for caption in captions]
