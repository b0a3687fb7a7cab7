"""Batches in which no two pairs have equal captions.

A contrastive loss takes every other pair of a batch for a wrong answer. Where captions repeat, some of them are right
answers: ``ce`` then pushes an image away from its own caption. Here a caption stands in a batch once at most, as with
sentence-transformers' ``NoDuplicatesBatchSampler``, which fills one batch after the other and gives up the rest of an
epoch; these are as many batches as there can be.
"""

import numpy as np
from jaxtyping import Int64


def steps_of(pairs: int, batch_size: int) -> int:
    """Count an epoch's batches of any pairs: whole ones, or one smaller one where there are fewer pairs than that.

    >>> steps_of(10, 4), steps_of(3, 4)
    (2, 1)
    """
    return max(pairs // batch_size, 1)


def distinct_steps(captions: Int64[np.ndarray, " n"], batch_size: int) -> int:
    """Count the batches of an epoch in which no caption repeats; 0 where there is not even one.

    ``captions`` has equal numbers for equal captions. With m batches, a caption that c pairs have fills min(c, m)
    places, so m batches of b pairs need Σ min(c, m) ≥ m·b. The left side over m falls with m: the largest m is searched
    by halves. Fewer pairs than a batch are one batch if all of their captions differ.

    >>> distinct_steps(np.array([0, 0, 0, 1, 2, 3]), 2), distinct_steps(np.array([0, 0, 0, 1]), 2)
    (3, 1)
    >>> distinct_steps(np.array([0, 0, 0]), 2)
    0
    """
    size, counts = min(batch_size, len(captions)), np.unique(captions, return_counts=True)[1]
    low, high = 0, steps_of(len(captions), batch_size)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() >= middle * size else (low, middle - 1)
    return low


def distinct_batches(
    captions: Int64[np.ndarray, " n"], *, batch_size: int, seed: int, epoch: int
) -> Int64[np.ndarray, "m b"]:
    """Draw an epoch's batches, rows of places in ``captions``: no place twice, no caption twice in a row.

    There are ``distinct_steps`` of them. ``seed`` and ``epoch`` alone decide which. With m batches, every caption keeps
    at most m of its pairs, drawn at random, and so many of the rest are left out that the batches are full. The kept
    pairs, those of one caption behind one another, are dealt to the batches in turn: at most m neighbours have one
    caption, and m neighbours are in m batches.

    >>> distinct_batches(np.array([0, 0, 0, 1, 2, 3]), batch_size=2, seed=0, epoch=1).tolist()
    [[1, 4], [0, 3], [5, 2]]
    """
    if len(captions) < 2:
        raise ValueError(f"training needs at least 2 pairs, got {len(captions)}")
    steps, size = distinct_steps(captions, batch_size), min(batch_size, len(captions))
    draw = np.random.default_rng([seed, epoch])
    # Captions in a random order, the pairs of each in a random order.
    places = draw.permutation(len(captions))
    of_caption = draw.permutation(captions.max(initial=-1) + 1)[captions[places]]
    order = np.argsort(of_caption, kind="stable")
    places, of_caption = places[order], of_caption[order]
    turn = np.arange(len(places)) - np.searchsorted(of_caption, of_caption)
    places = places[turn < steps]
    kept = np.sort(draw.permutation(len(places))[: steps * size])
    dealt: Int64[np.ndarray, "m b"] = places[kept].reshape(size, steps).T[draw.permutation(steps)]
    return dealt
