"""How often captions repeat, against plain counting."""

import json
import random
from pathlib import Path

import numpy as np
import pytest
from small_data import write_small_data

from gap.data import PairDataset, open_dataset
from gap.data.checking.repeats import repeats
from gap.data.dataset import CAPTIONS


def dataset(directory: Path, captions_per_image: int) -> PairDataset:
    """24 images; their first captions are of five texts, in either case."""
    path = write_small_data(directory, captions_per_image=captions_per_image)
    described = json.loads((path / CAPTIONS).read_text())
    draw = random.Random(0)
    for texts in described["captions"]:
        word = f"word {draw.randrange(5)}"
        texts[0] = word.upper() if draw.random() < 0.5 else word
    (path / CAPTIONS).write_text(json.dumps(described))
    return open_dataset(path)


@pytest.mark.parametrize("captions_per_image", [1, 3])
def test_against_plain_counting(tmp_path: Path, captions_per_image: int) -> None:
    data = dataset(tmp_path / "data", captions_per_image)
    found = repeats(data)
    held = [{text.casefold() for text in texts} for texts in data.captions]
    assert found.repeated == sum(any(own & held[j] for j in range(24) if j != i) for i, own in enumerate(held))
    for seed, share in enumerate(found.random_split):
        test = set(np.random.default_rng(seed).permutation(24)[: len(data.test)].tolist())
        training = set().union(*(held[row] for row in range(24) if row not in test))
        assert share == pytest.approx(sum(bool(held[row] & training) for row in test) / len(test))
    assert found.batches == {}  # no batch of 90 in 16 pairs


def test_without_repeats(tmp_path: Path) -> None:
    data = open_dataset(write_small_data(tmp_path / "data"))
    data.captions[23] = ["of its own"]
    found = repeats(data)
    assert (found.repeated, set(found.random_split)) == (0, {0.0})
