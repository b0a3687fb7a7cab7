"""What the frozen towers say of icons and captions, kept on disk: embedded once, whatever is trained on it."""

import hashlib
import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Float32, UInt8
from torch import Tensor

from gap.data.pixels import VERSION
from gap.data.progress import progress_bar
from gap.models.clip import ClipModel
from gap.models.mini import MEAN, STD, tokenizer
from gap.models.mini.towers import IMAGE_TOWER, TEXT_TOWER
from gap.training.batches import to_pixels
from gap.training.mini.drawing import VARIANTS, digest, pixels
from gap.training.mini.icons import Icon

CHUNK = 128


@torch.inference_mode()
def pooled_images(model: ClipModel, images: UInt8[np.ndarray, "n s s 3"]) -> Float[Tensor, "n k"]:
    """Give the image tower's pooled features, before the projection."""
    chunks = (images[start : start + CHUNK] for start in range(0, len(images), CHUNK))
    return torch.cat([model.visual.trunk(_pixels(chunk)) for chunk in chunks])


@torch.inference_mode()
def pooled_texts(model: ClipModel, texts: list[str]) -> Float[Tensor, "n k"]:
    """Give the text tower's pooled features, before the projection, in the order of the texts."""
    tokens = tokenizer()(texts)
    lengths = (tokens != 0).sum(dim=1)
    features = torch.empty(len(texts), model.text.transformer.config.hidden_size)
    for rows in lengths.argsort(stable=True).split(CHUNK):
        part = tokens[rows, : int(lengths[rows].max())]
        mask = (part != 0).long()
        features[rows] = model.text.pooler(model.text.transformer(input_ids=part, attention_mask=mask), mask)
    return features


def icon_features(
    model: ClipModel, icons: list[Icon], *, image_size: int, cache: Path, show: bool = True
) -> Float[Tensor, "n v k"]:
    """Embed every variant of icons of one set, or read what was embedded before."""
    key = _key(VERSION, image_size, VARIANTS, IMAGE_TOWER.digests, digest(icons))
    source = icons[0].source.rpartition("/")[2]

    def embed() -> Float32[np.ndarray, "n v k"]:
        chunks = list(_chunks(icons, CHUNK // VARIANTS))
        parts = []
        label = f"{source}: {len(icons)} icons at {image_size} pixels"
        with progress_bar(label, len(chunks), show=show) as step, ThreadPoolExecutor(2) as pool:
            for chunk in chunks:
                jobs = [(icon, variant, image_size) for icon in chunk for variant in range(VARIANTS)]
                drawn = np.stack(list(pool.map(lambda job: pixels(*job), jobs)))
                parts.append(pooled_images(model, drawn).unflatten(0, (len(chunk), VARIANTS)))
                step()
        return torch.cat(parts).numpy()

    return _kept(cache / f"{source}_{image_size}-{key}.npy", embed)


def _chunks(icons: list[Icon], size: int) -> Iterator[list[Icon]]:
    return (icons[start : start + size] for start in range(0, len(icons), size))


def text_features(model: ClipModel, texts: list[str], *, cache: Path, show: bool = True) -> Float[Tensor, "n k"]:
    """Embed texts, or read what was embedded before."""
    key = _key(TEXT_TOWER.digests, texts)

    def embed() -> Float32[np.ndarray, "n k"]:
        parts = []
        size = 16 * CHUNK
        with progress_bar(f"{len(texts)} captions", -(-len(texts) // size), show=show) as step:
            for start in range(0, len(texts), size):
                parts.append(pooled_texts(model, texts[start : start + size]))
                step()
        return torch.cat(parts).numpy()

    return _kept(cache / f"captions-{key}.npy", embed)


def _pixels(images: UInt8[np.ndarray, "n s s 3"]) -> Tensor:
    return to_pixels(torch.from_numpy(np.ascontiguousarray(images)), mean=MEAN, std=STD, device=torch.device("cpu"))


def _key(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:16]


def _kept(path: Path, make: Callable[[], np.ndarray]) -> Tensor:
    """Read an array, or make and keep it: all of it or nothing."""
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        with part.open("wb") as file:
            np.save(file, make())
        part.replace(path)
    return torch.from_numpy(np.load(path))
