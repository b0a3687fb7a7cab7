import numpy as np
import pytest

from gap.data import PairDataset
from gap.data.pictograms import held_out_hexcodes, pictograms
from gap.errors import UserError
from study.fewshot_data import labelled_images


def bundled(language: str = "es") -> PairDataset:
    """The bundled pictograms with their split; the image of row i is one pixel that says i."""
    ids = [row.hexcode for row in pictograms()]
    held_out = held_out_hexcodes()
    rows = np.arange(len(ids))
    is_test = np.array([hexcode in held_out for hexcode in ids])
    images = np.stack([rows // 256, rows % 256, 0 * rows], axis=1).astype(np.uint8)[:, None, None]
    return PairDataset(
        name="pictograms", language=language, images=images, ids=ids, captions=[["x"]] * len(ids),
        train=rows[~is_test], test=rows[is_test], data_hash="d", split_hash="s", licence="none", skipped=[],
    )  # fmt: skip


def test_the_bundled_pictograms_have_unicodes_groups() -> None:
    dataset = bundled()
    data = labelled_images("pictograms", dataset, None, shots=16)
    assert len(data.classes) == len({row.group for row in pictograms()})
    assert "people and body" in data.classes
    assert data.language == "es"
    # every pictogram has one group, so all are kept, and pixels and labels are of the same pictogram
    for labels, pixels, rows in (
        (data.train_labels, data.train_pixels, dataset.train),
        (data.test_labels, data.test_pixels, dataset.test),
    ):
        assert len(labels) == len(rows)
        shown = pixels(np.arange(len(rows)))[:, 0, 0].astype(int) @ np.array([256, 1, 0])
        groups = [pictograms()[row].group.replace("-", " and ") for row in shown]
        assert [data.classes[label] for label in labels] == groups


def test_more_shots_leave_fewer_classes_and_then_one_line() -> None:
    dataset = bundled()
    assert len(labelled_images("pictograms", dataset, None, shots=60).classes) < 9
    with pytest.raises(UserError, match="at least 2 classes of 2000 training images and a test image, got 0"):
        labelled_images("pictograms", dataset, None, shots=1000)


def test_a_misspelt_dataset_is_one_line() -> None:
    with pytest.raises(UserError, match="did you mean 'eurosat'"):
        labelled_images("eurosta", bundled(), None, shots=1)
