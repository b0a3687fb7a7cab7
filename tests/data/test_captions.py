import pytest

from gap.data.captions import clean_caption


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
