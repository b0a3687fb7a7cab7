from pathlib import Path

import numpy as np
import pytest
import torch
from small_data import write_small_data

from gap.data import open_dataset
from gap.models.load import load_clip
from gap.training.errors import NonFiniteError
from gap.training.evaluation import embed_split, evaluate_features, make_split, training_sample


def test_captions_that_read_alike_are_one(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    rows = dataset.test.tolist()
    dataset.captions[rows[0]][0], dataset.captions[rows[1]][0] = "El Sol", "el  sol"
    split = make_split(dataset, clip, dataset.test)
    assert split.text_of[0] == split.text_of[1]
    assert split.text_of[-1] == split.text_of[-2]  # the two that are equal to the letter
    assert len(split.tokens) == len(rows) - 2
    assert split.image_of_text.tolist() == list(range(len(rows)))
    every = clip.tokenize([dataset.captions[row][0] for row in rows])
    assert torch.equal(split.tokens[split.text_of], every)
    assert split.text_of.dtype == np.int64


def test_embeddings_that_are_not_finite_are_counted(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    split = make_split(dataset, clip, dataset.test)
    image_features, text_features = embed_split(clip, dataset, split, device=torch.device("cpu"), precision="fp32")
    text_features = text_features.clone()
    text_features[2, 0] = torch.nan
    with pytest.raises(NonFiniteError, match=r"^1 of 8 text embeddings are not finite"):
        evaluate_features(split, image_features, text_features, pool_size=4)


def test_the_training_sample_is_seeded_and_of_training_images(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    rows = training_sample(dataset, clip, images=5).rows
    assert len(rows) == 5
    assert set(rows) < set(dataset.train)
    assert rows.tolist() == training_sample(dataset, clip, images=5).rows.tolist()
    assert len(training_sample(dataset, clip).rows) == len(dataset.train)
