from dataclasses import replace

import numpy as np
import pytest
import torch
from small_data import write_small_data
from torch.nn.functional import normalize

from gap.data import PairDataset, open_dataset
from gap.data.arasaac.catalogue import LICENCE
from study.embeddings import Embeddings
from study.live.strips import FOOT, HIT, MARGIN, SIDE, WORDS, _font, draw_strips, in_lines


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> PairDataset:
    return open_dataset(write_small_data(tmp_path_factory.mktemp("data") / "squares"))


def of(dataset: PairDataset, images: int) -> Embeddings:
    rows = torch.from_numpy(dataset.test[:images])
    features = normalize(torch.eye(images) + 0.1, dim=1)
    return Embeddings(features, features, rows, torch.arange(images), torch.arange(images))


def test_a_perfect_model_has_its_hits_in_the_first_column(dataset: PairDataset) -> None:
    picture = draw_strips(of(dataset, 8), dataset)
    assert picture.shape == (8 * (SIDE + 2 * MARGIN) + FOOT, WORDS + 5 * (SIDE + 2 * MARGIN), 3)
    framed = (picture == np.array(HIT)).all(axis=2)
    columns = framed[:, WORDS:].reshape(framed.shape[0], 5, -1).any(axis=2)
    assert columns.any(axis=0).tolist() == [True, False, False, False, False]
    assert np.array_equal(picture, draw_strips(of(dataset, 8), dataset))


@pytest.mark.parametrize("images", [1, 3])
def test_fewer_pairs_make_a_smaller_picture(dataset: PairDataset, images: int) -> None:
    assert draw_strips(of(dataset, images), dataset).shape[0] == images * (SIDE + 2 * MARGIN) + FOOT


def test_the_licence_stands_at_the_foot(dataset: PairDataset) -> None:
    said, silent = (draw_strips(of(dataset, 1), replace(dataset, licence=text)) for text in (LICENCE, ""))
    assert np.array_equal(said[:-FOOT], silent[:-FOOT])
    assert (silent[-FOOT:] == 255).all()
    assert (said[-FOOT:] < 100).sum() > 1000
    assert in_lines(LICENCE, lines=2, width=said.shape[1]).replace("\n", " ") == LICENCE  # nothing is cut off


@pytest.mark.parametrize("text", ["", "word", "a " * 300, "x" * 500, "línea\nrota\tcon 日本 <script>", " "])
def test_captions_of_any_length_fit(text: str) -> None:
    lines = in_lines(text).split("\n")
    assert len(lines) <= 4
    assert all(_font().getlength(line) <= WORDS - 2 * MARGIN for line in lines)


def test_a_caption_that_is_cut_says_so() -> None:
    assert in_lines("word " * 100).endswith("…")
    assert in_lines("x" * 100).endswith("…")
    assert in_lines("short") == "short"
