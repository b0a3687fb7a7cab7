"""Batches without equal captions: against a greedy sampler, and against all that could be drawn."""

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_data import write_small_data

from gap.data import open_dataset
from gap.errors import UserError
from gap.models.load import load_clip
from gap.training.distinct import distinct_batches, distinct_steps
from gap.training.pairs import TrainingCaptions, make_training_pairs, training_captions


def greedy(captions: list[int], size: int, order: list[int]) -> list[list[int]]:
    """One batch after the other, as sentence-transformers' NoDuplicatesBatchSampler fills them, the last dropped."""
    left, batches = list(order), []
    while True:
        batch: list[int] = []
        for place in left:
            if captions[place] not in {captions[other] for other in batch}:
                batch.append(place)
            if len(batch) == size:
                break
        if len(batch) < size:
            return batches
        batches.append(batch)
        left = [place for place in left if place not in batch]


def most_batches(captions: list[int], size: int) -> int:
    """Try every way of taking disjoint batches; for a handful of pairs."""

    def most(left: tuple[int, ...]) -> int:
        found = 0
        for batch in combinations(left, size):
            if len({captions[place] for place in batch}) == size:
                found = max(found, 1 + most(tuple(place for place in left if place not in batch)))
        return found

    return most(tuple(range(len(captions))))


def check(captions: np.ndarray, drawn: np.ndarray, size: int) -> None:
    assert drawn.shape[1:] == (size,)
    assert len(set(drawn.ravel().tolist())) == drawn.size  # a partition of what is used
    assert all(len(set(row)) == size for row in captions[drawn].tolist())


@given(st.lists(st.integers(0, 4), min_size=2, max_size=7), st.integers(2, 4), st.integers(0, 3))
def test_as_many_batches_as_there_can_be(numbers: list[int], size: int, seed: int) -> None:
    captions, size = np.array(numbers), min(size, len(numbers))
    drawn = distinct_batches(captions, batch_size=size, seed=seed, epoch=1)
    check(captions, drawn, size)
    assert len(drawn) == distinct_steps(captions, size) == most_batches(numbers, size)


@pytest.mark.parametrize("size", [2, 30, 90, 300])
def test_no_pair_less_than_the_greedy_sampler(size: int) -> None:
    random = np.random.default_rng(size)
    captions = np.minimum(random.geometric(0.01, 1000) - 1, 200)
    drawn = distinct_batches(captions, batch_size=size, seed=0, epoch=1)
    if len(drawn):
        check(captions, drawn, size)
    else:
        assert len(np.unique(captions)) < size
    assert drawn.size >= size * len(greedy(captions.tolist(), size, random.permutation(1000).tolist()))


def test_without_repeats_as_many_as_ever() -> None:
    drawn = distinct_batches(np.arange(1003), batch_size=90, seed=3, epoch=2)
    check(np.arange(1003), drawn, 90)
    assert len(drawn) == 11


def test_seed_and_epoch_decide_and_others_have_their_turn() -> None:
    captions = np.array([0] * 40 + list(range(1, 61)))

    def drawn(seed: int = 0, epoch: int = 1) -> list[list[int]]:
        return distinct_batches(captions, batch_size=10, seed=seed, epoch=epoch).tolist()

    assert drawn() == drawn()
    assert drawn() != drawn(epoch=2)
    assert drawn() != drawn(seed=1)
    # Of 40 equal captions an epoch has place for one a batch: 6 of them, others each time.
    used = {place for epoch in range(60) for batch in drawn(epoch=epoch) for place in batch}
    assert used == set(range(100))
    # Who meets whom is left to chance: every other caption has been beside the repeated one's pairs.
    met = {b for epoch in range(60) for batch in drawn(epoch=epoch) if min(batch) < 40 for b in batch if b >= 40}
    assert met == set(range(40, 100))


def test_fewer_pairs_than_a_batch_are_one_batch_if_all_differ() -> None:
    assert distinct_batches(np.array([2, 0, 1]), batch_size=90, seed=0, epoch=1).shape == (1, 3)
    assert distinct_steps(np.array([2, 0, 2]), 90) == 0
    with pytest.raises(ValueError, match="at least 2 pairs, got 1"):
        distinct_batches(np.array([2]), batch_size=90, seed=0, epoch=1)


def several(captions: list[list[int]]) -> TrainingCaptions:
    """Images with several captions each."""
    texts = np.array([len(own) for own in captions])
    flat = np.array([number for own in captions for number in own])
    return TrainingCaptions(np.arange(len(captions)), np.cumsum(texts) - texts, texts=texts, caption_of=flat)


def test_the_drawn_captions_of_a_batch_differ() -> None:
    pairs = several([[0, image + 1] for image in range(20)])  # every second caption is the same one
    steps = pairs.steps(batch_size=6, seed=0, epochs=8, unique_captions=True)
    assert len(set(steps)) > 1  # how often an epoch draws it differs
    for epoch, count in enumerate(steps, start=1):
        batches = list(pairs.batches(batch_size=6, seed=0, epoch=epoch, unique_captions=True))
        assert len(batches) == count
        for batch in batches:
            assert (batch.texts // 2 == batch.images).all()  # an image's own caption
            assert len(set(pairs.caption_of[batch.texts].tolist())) == 6
        assert len({image for batch in batches for image in batch.images.tolist()}) == 6 * count
    drawn = {int(text) for epoch in range(150) for batch in pairs.batches(
        batch_size=6, seed=0, epoch=epoch, unique_captions=True) for text in batch.texts}  # fmt: skip
    assert drawn == set(range(40))


def test_what_cannot_be_is_one_line() -> None:
    pairs = several([[0], [0], [1], [1], [2]])
    assert pairs.steps(batch_size=3, seed=0, epochs=2, unique_captions=True) == [1, 1]
    with pytest.raises(UserError) as raised:
        pairs.steps(batch_size=4, seed=0, epochs=2, unique_captions=True)
    assert str(raised.value) == (
        "unique_captions: a batch of 4 pairs needs as many captions that differ, and the 5 training images have 3 in "
        "epoch 1: expected a batch_size of at most 3, or unique_captions: false"
    )


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_data(tmp_path_factory.mktemp("distinct") / "squares")


def test_equal_is_what_the_captions_say(data: Path) -> None:
    dataset = open_dataset(data)
    first, second = dataset.train[:2]
    dataset.captions[first], dataset.captions[second] = ["A red Square"], ["a red square"]
    found = training_captions(dataset)
    assert found.caption_of[found.first_text[first]] == found.caption_of[found.first_text[second]]
    pairs = make_training_pairs(dataset, load_clip("tiny"))
    assert len(pairs.tokens) == len(pairs.caption_of) == sum(len(dataset.captions[row]) for row in dataset.train)


def plain_batches(pairs: TrainingCaptions, **settings: Any) -> Iterator[tuple[list[int], list[int]]]:
    for batch in pairs.batches(**settings):
        yield batch.images.tolist(), batch.texts.tolist()


def test_other_batches_are_what_they_were(data: Path) -> None:
    """The order of earlier versions, by which their runs go on."""
    pairs = training_captions(open_dataset(data))
    draws = np.random.default_rng([3, 2, 1])
    order = np.random.default_rng([3, 2]).permutation(pairs.images)
    expected = []
    for start in range(0, len(order) // 5 * 5, 5):
        rows = order[start : start + 5]
        expected.append((rows.tolist(), (pairs.first_text[rows] + draws.integers(pairs.texts[rows])).tolist()))
    assert list(plain_batches(pairs, batch_size=5, seed=3, epoch=2)) == expected
