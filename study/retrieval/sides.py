"""The two sides of a study's pairs, as they are searched in: its images, and its captions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from gap.data import PairDataset
from gap.data.prompts import BARE, PROMPTS, words_of
from gap.models.clip import Clip
from gap.training.embed import embed_images, embed_texts


@dataclass(frozen=True)
class Entry:
    """An image and its first caption; or a caption and the images, rows of the dataset, that have it."""

    rows: tuple[int, ...]
    caption: str


Embed: TypeAlias = Callable[[Clip, PairDataset, list[Entry], torch.device, str], Tensor]


@dataclass(frozen=True)
class Side:
    """What is searched in: its name, its entries in the order of their vectors, how some of them are embedded."""

    plural: str
    entries: Callable[[PairDataset], list[Entry]]
    embed: Embed


def prompt_of(dataset: PairDataset, given: str | None = None) -> str:
    """Give the prompt that all captions of a dataset were made with, ``{}`` if there is none.

    ``given`` is the one that the study's space names; without it, the language's own.
    """
    prompt = given or PROMPTS.get(dataset.language, BARE)
    made = all(words_of(prompt, caption) != caption for captions in dataset.captions for caption in captions)
    return prompt if made else BARE


def image_entries(dataset: PairDataset) -> list[Entry]:
    """List the images, in the dataset's order."""
    return [Entry((row,), captions[0]) for row, captions in enumerate(dataset.captions)]


def caption_entries(dataset: PairDataset) -> list[Entry]:
    """List the captions, each distinct one once, in the order in which they come first."""
    rows: dict[str, dict[int, None]] = {}
    for row, captions in enumerate(dataset.captions):
        for caption in captions:
            rows.setdefault(caption, {})[row] = None
    return [Entry(tuple(having), caption) for caption, having in rows.items()]


def _images(
    clip: Clip, dataset: PairDataset, some: list[Entry], device: torch.device, precision: str
) -> Float[Tensor, "n d"]:
    rows = np.array([entry.rows[0] for entry in some])
    return embed_images(clip, dataset.images, rows, device=device, precision=precision)


def _texts(
    clip: Clip, dataset: PairDataset, some: list[Entry], device: torch.device, precision: str
) -> Float[Tensor, "n d"]:
    tokens = clip.tokenize([entry.caption for entry in some])
    return embed_texts(clip, tokens, device=device, precision=precision)


SIDES: dict[str, Side] = {
    "image": Side("images", image_entries, _images),
    "text": Side("captions", caption_entries, _texts),
}
