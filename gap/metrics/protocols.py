"""The two retrieval protocols, always both: disjoint pools as in the thesis, and the full gallery."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.retrieval import recall_at_k

KS = (1, 5, 10)
Relevant = list[npt.NDArray[np.int64]]


def retrieval(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    *,
    image_of_text: Int[np.ndarray, " n"],
    caption_ids: Int[np.ndarray, " n"],
    ks: Sequence[int] = KS,
    pool_size: int = 90,
    seed: int = 0,
) -> dict[str, float]:
    """Give R@k in per cent under every name of both protocols.

    ``image_of_text[j]`` is the row of the image that text j belongs to; texts with equal ``caption_ids`` are equal.

    ``recall_at_k``: the images, shuffled by ``seed``, are cut into disjoint pools of ``pool_size`` images with the
    first text of each; the mean over pools and directions. Images that do not fill the last pool are left out, unless
    all images together do not fill one: then they are one smaller pool. ``full_recall_at_k``: every text against every
    image and back, all captions. ``_t2i`` and ``_i2t`` are text→image and image→text.

    Raises ``ValueError`` on an image without text, besides the errors of ``recall_at_k``.

    >>> import torch
    >>> x, index = torch.eye(3), np.arange(3)
    >>> scores = retrieval(x, x, image_of_text=index, caption_ids=index, ks=(1,))
    >>> scores["recall_at_1"], scores["full_recall_at_1_i2t"]
    (100.0, 100.0)
    """
    m = len(image_features)
    if m == 0:
        raise ValueError("retrieval needs at least 1 query, got 0")
    first_text = np.full(m, -1)
    first_text[image_of_text[::-1]] = np.arange(len(image_of_text))[::-1]
    if (first_text < 0).any():
        raise ValueError(f"{int((first_text < 0).sum())} of {m} images have no text")

    order = np.random.default_rng(seed).permutation(m)
    whole = m // pool_size * pool_size
    pools = np.split(order[:whole], whole // pool_size) if whole else [order]
    pooled = [
        _both_directions(image_features[rows], text_features[first_text[rows]], caption_ids[first_text[rows]], ks)
        for rows in pools
    ]
    scores = {name: float(np.mean([pool[name] for pool in pooled])) for name in pooled[0]}
    full = _both_directions(image_features, text_features, caption_ids, ks, image_of_text)
    return {**scores, **{f"full_{name}": value for name, value in full.items()}}


def _both_directions(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    caption_ids: npt.NDArray[np.int64],
    ks: Sequence[int],
    image_of_text: npt.NDArray[np.int64] | None = None,
) -> dict[str, float]:
    image_of_text = np.arange(len(text_features)) if image_of_text is None else image_of_text
    images_of_text, texts_of_image = relevance(image_of_text, caption_ids, len(image_features))
    t2i = recall_at_k(text_features, image_features, images_of_text, ks=ks)
    i2t = recall_at_k(image_features, text_features, texts_of_image, ks=ks)
    scores: dict[str, float] = {}
    for k in ks:
        scores |= {
            f"recall_at_{k}": (t2i[k] + i2t[k]) / 2,
            f"recall_at_{k}_t2i": t2i[k],
            f"recall_at_{k}_i2t": i2t[k],
        }
    return scores


def relevance(
    image_of_text: npt.NDArray[np.int64], caption_ids: npt.NDArray[np.int64], images: int
) -> tuple[Relevant, Relevant]:
    """List the right images of every text and the right texts of every image.

    >>> relevance(np.array([0, 1, 2]), np.array([7, 7, 9]), 3)[0]
    [array([0, 1]), array([0, 1]), array([2])]
    """
    texts_of_caption = _rows_by_value(caption_ids)
    captions_of_image: list[set[int]] = [set() for _ in range(images)]
    for image, caption in zip(image_of_text.tolist(), caption_ids.tolist(), strict=True):
        captions_of_image[image].add(caption)
    images_of_caption = {caption: np.unique(image_of_text[rows]) for caption, rows in texts_of_caption.items()}
    images_of_text = [images_of_caption[caption] for caption in caption_ids.tolist()]
    texts_of_image = [
        np.sort(np.concatenate([texts_of_caption[caption] for caption in captions])) for captions in captions_of_image
    ]
    return images_of_text, texts_of_image


def _rows_by_value(values: npt.NDArray[np.int64]) -> dict[int, npt.NDArray[np.int64]]:
    order = np.argsort(values, kind="stable")
    names, starts = np.unique(values[order], return_index=True)
    return dict(zip(names.tolist(), np.split(order, starts[1:]), strict=True))
