"""The embeddings of all images, or of all captions, of a study's dataset: computed once, kept, never used when stale.

``<study>/embeddings/gallery-<trial>-image.safetensors`` and ``…-text.safetensors`` hold ``features`` in fp32, a vector
an entry in the order of ``SIDES``, and a key: a hash of the data, the precision and every weight of the model. Either
can be deleted at any time.
"""

import hashlib
import json
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from gap.data import PairDataset
from gap.data.whole_files import replace_file
from gap.errors import UserError
from gap.models.clip import Clip
from gap.training.prefix_key import tensor_bytes
from study.retrieval.sides import SIDES, Entry

_logger = logging.getLogger(__name__)
# Any change to how vectors are computed or stored must raise this number.
FORMAT = 2
CHUNK = 256
Watch: TypeAlias = Callable[[str, int], AbstractContextManager[Callable[[], None]]]
"""Told what is done and in how many steps; gives a function to call after each."""


def gallery_path(directory: Path, trial: str, side: str) -> Path:
    """Say where the gallery of one side, image or text, of a trial is kept."""
    return directory / "embeddings" / f"gallery-{trial}-{side}.safetensors"


def model_digest(clip: Clip) -> str:
    """Hash every parameter and buffer of a model, adapters among them, in hexadecimal digits."""
    sha = hashlib.sha256()
    for name, tensor in sorted({**dict(clip.model.named_parameters()), **dict(clip.model.named_buffers())}.items()):
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sha.update(tensor_bytes(tensor))
    return sha.hexdigest()


def gallery_key(*, model: str, data_hash: str, precision: str, side: str) -> str:
    """Hash all that decides a gallery, in hexadecimal digits."""
    return hashlib.sha256(json.dumps([FORMAT, model, data_hash, precision, side]).encode()).hexdigest()


def read_gallery(path: Path, key: str) -> Float[Tensor, "n d"] | None:
    """Read the vectors that ``path`` holds under this key; None if it holds others, is damaged or not there."""
    if not path.exists():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            fits = (file.metadata() or {}).get("key") == key
            features: Tensor | None = file.get_tensor("features") if fits else None
    except (OSError, SafetensorError):
        return None
    return features


def write_gallery(path: Path, features: Float[Tensor, "n d"], key: str) -> None:
    """Keep vectors under their key, all of them or nothing; where that cannot be done, a warning says so."""
    tensors = {"features": features.contiguous()}
    try:
        replace_file(path, lambda temporary: save_file(tensors, temporary, metadata={"key": key}))
    except (OSError, SafetensorError) as error:
        _logger.warning("%s is not kept: %s", path, error)


def embed_entries(
    clip: Clip,
    dataset: PairDataset,
    side: str,
    entries: list[Entry],
    *,
    device: torch.device,
    precision: str,
    watch: Watch,
) -> Float[Tensor, "n d"]:
    """Embed the entries of a side as unit vectors in fp32, on the CPU; leaves the model in evaluation mode.

    Raises ``UserError`` if one is not finite.
    """
    clip.model.eval()
    distinct, of_entry = np.unique(SIDES[side].same(clip, entries), return_inverse=True)
    parts = list[Tensor]()
    with watch(f"embedding {SIDES[side].plural}, once", len(distinct)) as step:
        for start in range(0, len(distinct), CHUNK):
            some = [entries[row] for row in distinct[start : start + CHUNK].tolist()]
            parts.append(SIDES[side].embed(clip, dataset, some, device, precision).cpu())
            for _ in some:
                step()
    features = torch.cat(parts)[torch.from_numpy(of_entry)]
    if bad := int((~features.isfinite().all(dim=1)).sum()):
        raise UserError(f"{bad} of the {len(features)} embedded {SIDES[side].plural} are not finite")
    return features
