from pathlib import Path

import numpy as np
import pytest
import torch
from small_data import write_small_data

from gap.data import open_dataset
from gap.models.load import load_clip
from gap.training.errors import NonFiniteError
from gap.training.evaluation import embed_split, evaluate_features, make_split, training_sample


def test_equal_captions_are_those_of_one_text_and_not_of_one_row_of_tokens(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    rows = dataset.test.tolist()
    dataset.captions[rows[0]][0], dataset.captions[rows[1]][0] = "El nin\u0303o", "el  NIÑO"
    dataset.captions[rows[2]][0], dataset.captions[rows[3]][0] = "a bee " * 60 + "flies", "a bee " * 60 + "sits"
    split = make_split(dataset, clip, dataset.test)
    assert split.caption_ids.tolist() == [0, 0, 1, 2, 3, 4, 5, 5]  # the last two are equal to the letter
    assert split.text_of[0] == split.text_of[1]
    assert split.text_of[2] == split.text_of[3]
    assert len(split.tokens) == len(rows) - 3
    assert split.image_of_text.tolist() == list(range(len(rows)))
    every = clip.tokenize([dataset.captions[row][0] for row in rows])
    assert torch.equal(split.tokens[split.text_of], every)
    assert split.text_of.dtype == split.caption_ids.dtype == np.int64


def test_captions_that_the_model_cannot_tell_apart_are_ties_and_no_hits(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    for row, captions in enumerate(dataset.captions):
        captions[0] = "a bee in the garden " * 20 + str(row)
    split = make_split(dataset, clip, dataset.test)
    image_features, text_features = embed_split(clip, dataset, split, device=torch.device("cpu"), precision="fp32")
    assert (text_features == text_features[0]).all()  # to the bit
    metrics = evaluate_features(split, image_features, text_features, pool_size=8)
    # One text of eight has the image that all of them find first; every image has seven wrong texts before its own.
    assert (metrics["recall_at_1_t2i"], metrics["recall_at_1_i2t"]) == (12.5, 0.0)
    assert metrics["full_recall_at_1"] == metrics["fold_recall_at_1"] == 6.25
    assert metrics["median_rank_i2t"] == 8


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", ["tiny", "mini"])
def test_equal_tokens_have_one_embedding_whatever_chunk_and_length_they_stand_in(
    tmp_path: Path, name: str, precision: str
) -> None:
    clip = load_clip(name)
    dataset = open_dataset(write_small_data(tmp_path / "data", captions_per_image=3, image_size=clip.image_size))
    long = "a bee sits on a flower " * 40
    for row in dataset.test.tolist():
        dataset.captions[row] = [f"{long} {row}", f"square {row}" * (row % 3 + 1), f"{long} number {row}"]
    split = make_split(dataset, clip, dataset.test)
    _, text_features = embed_split(clip, dataset, split, device=torch.device("cpu"), precision=precision)
    alike = text_features[(split.text_of == split.text_of[0]).nonzero()[0]]
    assert len(alike) == 2 * len(dataset.test)
    assert (alike == alike[0]).all()


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
