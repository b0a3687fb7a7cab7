"""What is asked: a text, or an image prepared as the dataset's were."""

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from gap.data import PairDataset
from gap.data.pixels import decode
from gap.data.prompts import check_prompt, fill
from gap.errors import UserError
from study.retrieval.opened import Opened

Tokenize: TypeAlias = Callable[[list[str]], Int[Tensor, "n context"]]


@dataclass(frozen=True)
class TextQuery:
    """A text as it was asked, and as the model reads it."""

    label: str
    text: str


@dataclass(frozen=True)
class ImageQuery:
    """An image by its name, in the dataset's size; ``row`` if it is the dataset's own, which is no answer to itself."""

    label: str
    pixels: UInt8[np.ndarray, "s s 3"]
    row: int | None = None


def text_query(text: str, prompt: str) -> TextQuery:
    """Ask with a text, put into a prompt. Raises ``UserError`` if it is empty, or the prompt has not one ``{}``.

    >>> text_query("  quiero  una manzana ", "Una imagen de {}").text
    'Una imagen de quiero una manzana'
    """
    check_prompt(prompt, "--prompt")
    label = unicodedata.normalize("NFC", " ".join(text.split()))
    if not label:
        raise UserError('the query is empty: expected some words, such as "quiero comer una manzana"')
    return TextQuery(label, fill(prompt, label))


def image_query(data: bytes, name: str, size: int) -> ImageQuery:
    """Ask with the bytes of an image file, decoded exactly as the dataset's were. Raises ``UserError`` if none."""
    try:
        return ImageQuery(name, decode(data, Path(name).suffix.lower(), size))
    except MemoryError:
        raise
    except Exception as error:  # decoders raise all kinds
        raise UserError(f"{name} cannot be read: {' '.join(str(error).split()) or type(error).__name__}") from error


def file_query(path: Path, size: int) -> ImageQuery:
    """Ask with an image file. Raises ``UserError`` if there is none."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {(error.strerror or str(error)).lower()}") from error
    return image_query(data, path.name, size)


def own_query(dataset: PairDataset, identifier: str) -> ImageQuery:
    """Ask with an image of the dataset. Raises ``UserError`` if it has none of this id."""
    if identifier not in dataset.ids:
        raise UserError(f"{dataset.name} has no image {identifier}: expected an id such as {dataset.ids[0]}")
    row = dataset.ids.index(identifier)
    return ImageQuery(identifier, np.asarray(dataset.images[row]), row)


def vector_of(opened: Opened, query: TextQuery | ImageQuery) -> Float[Tensor, " d"]:
    """Embed a query with a trial, as a unit vector."""
    return opened.embed_text(query.text) if isinstance(query, TextQuery) else opened.embed_pixels(query.pixels)


def cut_after(query: TextQuery | ImageQuery, tokenize: Tokenize) -> str | None:
    """Give what a model reads of a text that is longer than its context; None if it reads all, or the query is none."""
    if isinstance(query, ImageQuery):
        return None
    read = read_until(query.text, tokenize)
    return None if read == len(query.text) else query.text[:read]


def read_until(text: str, tokenize: Tokenize) -> int:
    """Say how many characters of a text a tokenizer's context holds: all of them, unless the text is cut.

    >>> four = lambda texts: torch.tensor([list(text.ljust(4, "\\0").encode()[:4]) for text in texts])
    >>> read_until("ab cd", four), read_until("ab", four)
    (4, 2)
    """

    def same(other: str) -> bool:
        return torch.equal(*tokenize([text, other]))

    if not same(f"{text} a") or not same(text[:-1]):
        return len(text)
    short, enough = 0, len(text) - 1
    while enough - short > 1:
        middle = (short + enough) // 2
        short, enough = (short, middle) if same(text[:middle]) else (middle, enough)
    return enough
