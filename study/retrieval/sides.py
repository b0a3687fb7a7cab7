"""The two sides of a study's pairs, as they are searched in: its images, and its captions."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data import PairDataset
from gap.data.captions import caption_key
from gap.data.prompts import BARE, PROMPTS, words_of
from gap.models.clip import Clip
from gap.models.context import token_digests
from gap.training.embed import embed_images, embed_texts


@dataclass(frozen=True)
class Entry:
    """An image and its first caption; or a caption and the images, rows of the dataset, that have it."""

    rows: tuple[int, ...]
    caption: str


Embed: TypeAlias = Callable[[Clip, PairDataset, list[Entry], torch.device, str], Tensor]


@dataclass(frozen=True)
class Side:
    """A gallery to search in: its name, its entries in the order of their vectors, how some of them are embedded.

    ``same`` gives for each entry the first one whose vector is its own.
    """

    plural: str
    entries: Callable[[PairDataset], list[Entry]]
    embed: Embed
    same: Callable[[Clip, list[Entry]], Int[np.ndarray, " n"]]


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
    """List the captions, equal ones (``caption_key``) once as first spelt, in the order in which they come first."""
    rows: dict[str, dict[int, None]] = {}
    spelt: dict[str, str] = {}
    for row, captions in enumerate(dataset.captions):
        for caption in captions:
            key = caption_key(caption)
            spelt.setdefault(key, caption)
            rows.setdefault(key, {})[row] = None
    return [Entry(tuple(having), spelt[key]) for key, having in rows.items()]


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


def _every_image(clip: Clip, entries: list[Entry]) -> Int[np.ndarray, " n"]:
    return np.arange(len(entries))


def _same_tokens(clip: Clip, entries: list[Entry]) -> Int[np.ndarray, " n"]:
    """Return the first caption of the same tokens for each: a second embedding could differ in the last digit."""
    first: dict[bytes, int] = {}
    digests = token_digests(clip.tokenize, (entry.caption for entry in entries))
    return np.array([first.setdefault(digest, row) for row, digest in enumerate(digests)], dtype=np.int64)


SIDES: dict[str, Side] = {
    "image": Side("images", image_entries, _images, _every_image),
    "text": Side("captions", caption_entries, _texts, _same_tokens),
}
