"""Counts of cosines against a loop over all pairs, and the corners: ties at bin edges, one row, NaN, uneven chunks."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from gap.metrics import cosine_histograms


def naive(x: Tensor, y: Tensor, image_of_text: Tensor) -> dict[str, list[float]]:
    cosines = {"image_image": x @ x.T, "text_text": y @ y.T, "crossed": y @ x.T}
    pairs = set(enumerate(image_of_text.tolist()))
    return {
        "image_image": [cosines["image_image"][i, j].item() for i, j in itertools.combinations(range(len(x)), 2)],
        "text_text": [cosines["text_text"][i, j].item() for i, j in itertools.combinations(range(len(y)), 2)],
        "paired": [cosines["crossed"][i, j].item() for i, j in sorted(pairs)],
        "crossed": [
            cosines["crossed"][i, j].item() for i in range(len(y)) for j in range(len(x)) if (i, j) not in pairs
        ],
    }


@pytest.mark.parametrize("chunk_size", [1, 3, 7, 1024])
def test_every_cosine_is_counted_once_in_its_bin(chunk_size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    x = F.normalize(torch.randn(9, 4, generator=generator, dtype=torch.float64), dim=1)
    y = F.normalize(torch.randn(14, 4, generator=generator, dtype=torch.float64), dim=1)
    image_of_text = torch.randint(0, 9, (14,), generator=generator)
    counts = cosine_histograms(x, y, image_of_text, chunk_size=chunk_size)
    for kind, values in naive(x, y, image_of_text).items():
        assert counts[kind].tolist() == np.histogram(values, bins=200, range=(-1, 1))[0].tolist(), kind


def test_one_pair_has_a_paired_cosine_alone() -> None:
    counts = cosine_histograms(torch.eye(3)[:1], torch.eye(3)[:1], torch.tensor([0]))
    assert {kind: int(count.sum()) for kind, count in counts.items()} == {
        "image_image": 0, "text_text": 0, "paired": 1, "crossed": 0,
    }  # fmt: skip
    assert counts["paired"][199] == 1


def test_rounding_beyond_one_counts_as_one_and_nan_does_not_count() -> None:
    x = torch.tensor([[1.0000001, 0.0], [-1.0, 0.0], [math.nan, 0.0]])
    counts = cosine_histograms(x, x, torch.arange(3))
    assert (counts["paired"][199], counts["paired"].sum()) == (2, 2)
    assert (counts["image_image"][0], counts["image_image"].sum()) == (1, 1)


def test_no_rows_are_no_counts() -> None:
    nothing = torch.zeros(0, 4)
    counts = cosine_histograms(nothing, nothing, torch.zeros(0, dtype=torch.long))
    assert all(len(count) == 200 and count.sum() == 0 for count in counts.values())
