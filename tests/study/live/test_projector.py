from pathlib import Path

import torch
from small_data import write_small_data
from torch.utils.tensorboard import SummaryWriter

from gap.data import open_dataset
from study.embeddings import Embeddings
from study.live.projector import add_projector


def test_captions_cannot_break_the_table(tmp_path: Path) -> None:
    dataset = open_dataset(write_small_data(tmp_path / "data", captions_per_image=2))
    dataset.captions[int(dataset.test[0])][0] = "two\nlines\tand a tab"
    rows, image_of_text = torch.from_numpy(dataset.test[:2]), torch.tensor([0, 0, 1, 1])
    vectors = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.6, 0.8], [0.8, 0.6]])
    writer = SummaryWriter(str(tmp_path / "board"))
    add_projector(writer, 3, Embeddings(vectors[:2], vectors, rows, image_of_text, torch.arange(4)), dataset)
    writer.close()
    (table,) = (tmp_path / "board").rglob("metadata.tsv")
    labels = [line.split("\t") for line in table.read_text().splitlines()]
    assert labels[0] == ["modality", "id", "caption"]
    assert sorted(label[2] for label in labels[1:] if label[0] == "text" and "tab" in label[2]) == [
        "two lines and a tab"
    ]
    assert all(len(label) == 3 for label in labels)
    values = [line.split("\t") for line in (table.parent / "tensors.tsv").read_text().splitlines()]
    shown = {tuple(label[:2]): [float(v) for v in value] for label, value in zip(labels[1:], values, strict=True)}
    first, second = (dataset.ids[int(row)] for row in rows)
    assert shown[("image", first)] == [1.0, 0.0]
    assert shown[("text", first)] == [1.0, 0.0]  # the first of its two captions
    assert shown[("text", second)] == [0.6, 0.8]
