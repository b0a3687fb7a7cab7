from pathlib import Path

import pytest
from families import FAMILIES

from gap.models.context import count_cut
from gap.models.load import load_clip

WORDS = ["bee", "in", "the", "garden", "and", "another", "flower", "for", "each", "of", "two", "bees"]


@pytest.mark.parametrize("name", ["tiny", "mini", *FAMILIES])
def test_as_many_are_cut_as_have_more_tokens_than_the_context(name: str, family_weights: dict[str, Path]) -> None:
    clip = load_clip(name, str(family_weights[name]) if name in family_weights else None)
    texts = [" ".join((WORDS * 9)[:count]) for count in range(1, 100)]
    whole = clip.tokenize(texts)
    counted, context = count_cut(clip.tokenize, texts)
    assert context == whole.shape[1]
    # Each text is a word longer than the one before it: from some length on, all are read alike.
    alike = [bool((row == whole[-1]).all()) for row in whole]
    first = alike.index(True)
    assert alike == [False] * first + [True] * (len(texts) - first)
    assert 0 < first < 98
    assert len(texts) - first - 1 <= counted <= len(texts) - first  # the first of them may be whole


def test_short_texts_are_not_even_tokenized() -> None:
    clip = load_clip("tiny")
    assert count_cut(clip.tokenize, ["a bee", "", "una abeja"] * 10_000) == (0, 77)
    assert count_cut(clip.tokenize, []) == (0, 77)


def test_texts_are_read_some_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gap.models.context._AT_ONCE", 3)
    assert count_cut(load_clip("tiny").tokenize, ("a bee " * (10 * number) for number in range(10))) == (6, 77)


def test_letters_of_two_bytes_count_as_what_they_take() -> None:
    assert count_cut(load_clip("tiny").tokenize, ["пчела " * 30, "пчела"]) == (1, 77)
