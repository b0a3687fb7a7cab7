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

    def fill(directory: Path) -> None:
        write_states(directory, prefix, len(images), inputs, device=device, precision=precision, progress=progress)

    return cached_states(prefix, key, len(images), fill, cache_dir=cache_dir)


def text_states(
    prefix: Prefix,
    tokens: Int[Tensor, "n length"],
    *,
    device: torch.device,
    precision: str,
    cache_dir: Path | None = None,
    progress: bool = True,
) -> Float[Tensor, "n ..."]:
    """Give the hidden state of every row of ``tokens`` at its full length, as ``image_states`` does for images."""

    def inputs(rows: slice) -> Tensor:
        return tokens[rows].to(device)

    content = [list(tokens.shape), str(tokens.dtype), hashlib.sha256(tensor_bytes(tokens)).hexdigest()]
    key = prefix_key(prefix, content, device=device, precision=precision)

    def fill(directory: Path) -> None:
        write_states(directory, prefix, len(tokens), inputs, device=device, precision=precision, progress=progress)

    return cached_states(prefix, key, len(tokens), fill, cache_dir=cache_dir)
