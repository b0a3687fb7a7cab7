"""Hidden states of many examples, computed once for given weights and data and mapped from disk ever after."""

import hashlib
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data import PairDataset
from gap.models.prefix import Prefix
from gap.training.batches import to_pixels
from gap.training.prefix_file import cached_states, write_states
from gap.training.prefix_key import prefix_key, tensor_bytes
from gap.training.tokens import padding_id, trim_padding


def image_states(
    prefix: Prefix,
    dataset: PairDataset,
    *,
    device: torch.device,
    precision: str,
    cache_dir: Path | None = None,
    progress: bool = True,
) -> Float[Tensor, "m ..."]:
    """Give the hidden state of every image of a dataset, mapped from the cache: row i is ``dataset.images[i]``.

    They are computed if the cache (default: ``default_cache()``) does not hold them, with constant memory; the model is
    left in evaluation mode then. Nobody may write into the result: it is the file. Raises ``UserError`` if the disk is
    too full, or the cache cannot be written to.
    """
    mean, std, images = prefix.clip.mean, prefix.clip.std, dataset.images

    def inputs(rows: slice) -> Tensor:
        return to_pixels(torch.from_numpy(np.array(images[rows])), mean=mean, std=std, device=device)

    key = prefix_key(prefix, [dataset.data_hash, images.shape, mean, std], device=device, precision=precision)

    shape = (len(images), *prefix.shape)

    def fill(directory: Path) -> None:
        write_states(directory, prefix, shape, inputs, device=device, precision=precision, progress=progress)

    return cached_states(prefix, key, shape, fill, cache_dir=cache_dir)


def text_states(
    prefix: Prefix,
    tokens: Int[Tensor, "n length"],
    *,
    device: torch.device,
    precision: str,
    cache_dir: Path | None = None,
    progress: bool = True,
) -> Float[Tensor, "n ..."]:
    """Give the hidden state of every row of ``tokens``, as ``image_states`` does for images.

    Where the tower masks padding, a state is [length, width] with the length of the longest text among ``tokens``: what
    it has where a shorter text is padded means nothing.
    """
    pad = padding_id(prefix.clip.model)
    longest = trim_padding(tokens, pad)
    shape = (len(tokens), *(prefix.shape if pad is None else (longest.shape[1], *prefix.shape[1:])))

    def inputs(rows: slice) -> Tensor:
        return trim_padding(longest[rows], pad).to(device)

    content = [list(longest.shape), str(longest.dtype), hashlib.sha256(tensor_bytes(longest)).hexdigest()]
    key = prefix_key(prefix, content, device=device, precision=precision)

    def fill(directory: Path) -> None:
        write_states(directory, prefix, shape, inputs, device=device, precision=precision, progress=progress)

    return cached_states(prefix, key, shape, fill, cache_dir=cache_dir)
