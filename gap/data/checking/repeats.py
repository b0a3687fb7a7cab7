"""How often captions repeat, and what that does to a split at random and to batches at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Int64

from gap.data.captions import caption_ids
from gap.data.dataset import PairDataset

DRAWS = 20
BATCHES = (90, 1024, 4096)


@dataclass(frozen=True)
class Repeats:
    """Effects of repeated captions, from ``DRAWS`` draws with the seeds 0, 1, …

    ``random_split`` has for each draw the share of test images with a caption that a training image has, were the same
    number of test images drawn at random. ``batches`` has by size the mean share of a batch's pairs whose caption
    another pair of the batch has, of training images each with one of its captions; sizes beyond the training images
    are left out. ``repeated`` counts the images with a caption that another image has.
    """

    images: int
    repeated: int
    random_split: Sequence[float]
    batches: dict[int, float]


def repeats(dataset: PairDataset) -> Repeats:
    """Count equal captions and draw splits and batches. For the first draw: ``numpy.random.default_rng(0)``."""
    captions = caption_ids(text for texts in dataset.captions for text in texts)
    image = np.repeat(np.arange(len(dataset.captions)), [len(texts) for texts in dataset.captions])
    held = np.unique(np.stack([image, captions]), axis=1)  # an image may have a caption twice
    of_images = np.bincount(held[1])
    repeated = np.unique(held[0][of_images[held[1]] > 1])
    sizes = [size for size in BATCHES if size <= len(dataset.train)]
    return Repeats(
        images=len(dataset.captions),
        repeated=len(repeated),
        random_split=[_split_share(held, len(dataset.captions), len(dataset.test), seed) for seed in range(DRAWS)],
        batches={size: _twins(dataset, captions, image, size) for size in sizes},
    )


def _split_share(held: Int64[np.ndarray, "2 n"], images: int, test: int, seed: int) -> float:
    """Draw a split and give the share of its test images that have a caption of a training image."""
    in_test = np.zeros(images, dtype=bool)
    in_test[np.random.default_rng(seed).permutation(images)[:test]] = True
    side = in_test[held[0]]
    in_training = np.zeros(held[1].max() + 1, dtype=bool)
    in_training[held[1][~side]] = True
    return len(np.unique(held[0][side & in_training[held[1]]])) / test


def _twins(dataset: PairDataset, captions: Int64[np.ndarray, " n"], image: Int64[np.ndarray, " n"], size: int) -> float:
    first = np.searchsorted(image, np.arange(len(dataset.captions)))
    counts = np.bincount(image, minlength=len(dataset.captions))
    shares = []
    for seed in range(DRAWS):
        draw = np.random.default_rng(seed)
        rows = draw.permutation(dataset.train)[:size]
        _, number, count = np.unique(
            captions[first[rows] + draw.integers(counts[rows])], return_inverse=True, return_counts=True
        )
        shares.append(float((count[number] > 1).mean()))
    return float(np.mean(shares))


def split_in_words(found: Repeats) -> str:
    """Say what a split at random would do.

    >>> split_in_words(Repeats(100, 40, [0.30, 0.32], {}))
    'of a split drawn at random, 31.0 % of the test images (30.0 to 32.0 over 2 draws, 30.0 in the first) would have \
their very caption in training'
    """
    shares = np.array(found.random_split) * 100
    return (
        f"of a split drawn at random, {shares.mean():.1f} % of the test images ({shares.min():.1f} to "
        f"{shares.max():.1f} over {len(shares)} draws, {shares[0]:.1f} in the first) would have their very caption in "
        "training"
    )


def batches_in_words(found: Repeats) -> str:
    """Say how many pairs of a batch at random have a twin.

    >>> batches_in_words(Repeats(100, 40, [], {90: 0.016, 4096: 0.371}))
    'of a batch drawn at random, this share of the pairs has an equal caption beside it: 1.6 % of 90, 37.1 % of 4,096'
    """
    shares = ", ".join(f"{100 * share:.1f} % of {size:,}" for size, share in found.batches.items())
    return f"of a batch drawn at random, this share of the pairs has an equal caption beside it: {shares}"
