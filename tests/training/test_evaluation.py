from pathlib import Path

import numpy as np
import torch
from small_data import write_small_data

from gap.data import open_dataset
from gap.models.load import load_clip
from gap.training.evaluation import make_split


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
