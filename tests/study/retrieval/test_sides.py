"""Equal captions are one entry of search, and captions of the same tokens have the very same vector."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import torch
from small_data import write_small_data

from gap.data import open_dataset
from gap.models.load import load_clip
from study.retrieval.gallery import CHUNK, embed_entries
from study.retrieval.sides import caption_entries, image_entries


def silent(what: str, steps: int) -> AbstractContextManager[Callable[[], None]]:
    return nullcontext(lambda: None)


def test_equal_captions_are_one_entry_as_first_spelt(tmp_path: Path) -> None:
    dataset = open_dataset(write_small_data(tmp_path / "data"))
    dataset.captions[0][0], dataset.captions[5][0], dataset.captions[7][0] = (
        "Un ni\u00f1o",
        "un nin\u0303o",
        "UN  NI\u00d1O",
    )
    entries = caption_entries(dataset)
    assert (entries[0].caption, entries[0].rows) == ("Un ni\u00f1o", (0, 5, 7))
    assert len(entries) == len(dataset.captions) - 3  # and two that are equal to the letter


def test_captions_of_the_same_tokens_have_one_vector_whatever_chunk_they_are_in(tmp_path: Path) -> None:
    clip, dataset = load_clip("tiny"), open_dataset(write_small_data(tmp_path / "data"))
    long = "a bee on a flower " * 30
    dataset.captions[:] = [[f"{long} {row}", *(f"{row} and {n}" for n in range(CHUNK // 8))] for row in range(24)]
    entries = caption_entries(dataset)
    assert len(entries) > 2 * CHUNK
    vectors = embed_entries(clip, dataset, "text", entries, device=torch.device("cpu"), precision="fp32", watch=silent)
    alike = vectors[[row for row, entry in enumerate(entries) if entry.caption.startswith(long)]]
    assert alike.shape == (24, 32)
    assert (alike == alike[0]).all()
    one = embed_entries(clip, dataset, "text", entries[-3:], device=torch.device("cpu"), precision="fp32", watch=silent)
    torch.testing.assert_close(vectors[-3:], one)
    images = embed_entries(
        clip, dataset, "image", image_entries(dataset), device=torch.device("cpu"), precision="fp32", watch=silent
    )
    assert images.shape == (24, 32)
