from pathlib import Path

import numpy as np
import pytest
import torch
from families import FAMILIES
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from gap.errors import UserError
from gap.models.context import count_cut, same_tokens
from gap.models.load import load_clip
from gap.models.tokenizer import load_tokenizer

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


def test_captions_of_the_same_tokens_are_marked() -> None:
    long = "a bee " * 60
    texts = [f"{long} flies", "Sol", f"{long} sits", "sol", "luna", f"{long} FLIES"]
    marked = same_tokens(load_clip("tiny").tokenize, texts, np.array([0, 1, 2, 1, 3, 0]))
    assert marked.tolist() == [True, False, True, False]
    assert same_tokens(load_clip("tiny").tokenize, [], np.zeros(0, int)).tolist() == []


def test_what_a_vocabulary_lacks_is_alike() -> None:
    texts = ["🐀", "🐁", "猫", "a rat", "a cat"]
    assert same_tokens(load_clip("mini").tokenize, texts, np.arange(5)).tolist() == [True, True, True, False, False]
    assert not same_tokens(load_clip("tiny").tokenize, texts, np.arange(5)).any()  # whose vocabulary is of bytes


@given(st.lists(st.integers(0, 4), max_size=30), st.integers(1, 4))
def test_it_is_the_pairwise_comparison(numbers: list[int], kinds: int) -> None:
    def tokenize(texts: list[str]) -> Tensor:
        return torch.tensor([[int(text) % kinds, 7] for text in texts])

    ids = np.array([list(dict.fromkeys(numbers)).index(number) for number in numbers], dtype=np.int64)
    expected = [
        any(
            i != j and ids[i] != ids[j] and numbers[i] % kinds == numbers[j] % kinds
            for i in range(len(ids))
            if ids[i] == c
            for j in range(len(ids))
        )
        for c in range(len(set(numbers)))
    ]
    assert same_tokens(tokenize, [str(number) for number in numbers], ids).tolist() == expected


def test_a_tokenizer_needs_no_weights() -> None:
    assert torch.equal(load_tokenizer("ViT-L-14", "es")(["una abeja"]), load_clip("tiny").tokenize(["una abeja"]))
    assert torch.equal(load_tokenizer("mini", "es")(["una abeja"]), load_clip("mini").tokenize(["una abeja"]))
    with pytest.raises(UserError, match=r"^unknown model 'ViT-L-41': did you mean"):
        load_tokenizer("ViT-L-41", "en")
