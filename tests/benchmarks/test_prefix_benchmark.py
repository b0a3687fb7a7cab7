from pathlib import Path

import numpy as np
import pytest
import torch
from small_data import write_small_data

from benchmarks.prefix import METHODS, part_of, prefix_ratio
from gap.data import PairDataset, open_dataset
from gap.models.adapters import adapt
from gap.models.load import load_clip
from gap.training.embed import embed
from gap.training.evaluation import make_split
from gap.training.pairs import make_training_pairs
from gap.training.towers import make_towers


@pytest.fixture
def dataset(tmp_path: Path) -> PairDataset:
    return open_dataset(write_small_data(tmp_path / "squares"))


def test_a_part_keeps_images_with_their_captions(dataset: PairDataset) -> None:
    part = part_of(dataset, train=5, test=3)
    for rows, split in ((part.train, dataset.train[:5]), (part.test, dataset.test[:3])):
        assert [part.captions[row] for row in rows] == [dataset.captions[row] for row in split]
        assert np.array_equal(part.images[rows], dataset.images[split])
    assert len(part.images) == 8


def test_both_ways_embed_alike(dataset: PairDataset) -> None:
    clip, how = load_clip("tiny"), {"device": torch.device("cpu"), "precision": "fp32"}
    adapt(clip.model, **METHODS["last_layers, 1 block"])
    pairs, test = make_training_pairs(dataset, clip), make_split(dataset, clip, dataset.test)
    whole, split = make_towers(clip, dataset, **how), make_towers(clip, dataset, cache_prefix=True, **how)
    assert len(split.skipped) == 4  # of three blocks in either tower, all but the last
    clip.model.eval()
    for rows, encoder in (
        (dataset.test, lambda towers: towers.images),
        (np.arange(16), lambda towers: towers.texts(pairs.tokens)),
        (np.arange(len(test.tokens)), lambda towers: towers.texts(test.tokens)),
    ):
        got, expected = (embed(encoder(towers), rows, chunk=128) for towers in (split, whole))
        torch.testing.assert_close(got, expected, atol=1e-5, rtol=0)


def test_every_method_is_timed(dataset: PairDataset) -> None:
    for method in METHODS.values():
        cost = prefix_ratio(dataset, model="tiny", rounds=1, batch_size=8, batches=2, test_images=8, **method)
        assert cost.ratio == cost.whole[0] / cost.split[0]
        assert min(*cost.whole, *cost.split, cost.states) > 0
