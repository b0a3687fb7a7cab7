"""The retrieval protocols, always all of them: disjoint pools as in the thesis, COCO's folds, the full gallery."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.metrics.retrieval import best_ranks

KS = (1, 5, 10)
FOLD_SIZE = 1000
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
    """Give R@k in per cent, the median rank and the mean reciprocal rank under every name of all protocols.

    ``image_of_text[j]`` is the row of the image that text j belongs to; texts with equal ``caption_ids`` are equal.

    ``recall_at_k``: the images, shuffled by ``seed``, are cut into disjoint pools of ``pool_size`` images with the
    first text of each; the mean over pools and directions. Images that do not fill the last pool are left out, unless
    all images together do not fill one: then they are one smaller pool. ``fold_recall_at_k``: the same with
    consecutive folds of 1,000 images and all their texts, which for COCO's 5,000 test images is its "1k" figure.
    ``full_recall_at_k``: every text against every image and back, all captions (COCO's "5k"). ``median_rank`` and
    ``mrr`` are of the first right answer, over the queries of all pools or folds. ``_t2i`` and ``_i2t`` are
    text→image and image→text.

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
    first_text = first_texts(image_of_text, m)
    pooled = [
        _ranks(
            image_features[rows], text_features[first_text[rows]], np.arange(len(rows)), caption_ids[first_text[rows]]
        )
        for rows in pools(m, pool_size=pool_size, seed=seed)
    ]
    folds = []
    for rows in _parts(np.arange(m), FOLD_SIZE):
        texts = np.flatnonzero((image_of_text >= rows[0]) & (image_of_text <= rows[-1]))
        folds.append(
            _ranks(image_features[rows], text_features[texts], image_of_text[texts] - rows[0], caption_ids[texts])
        )
    full = [_ranks(image_features, text_features, image_of_text, caption_ids)]
    return {
        **_scores(pooled, ks, ""),
        **_scores(folds, ks, "fold_"),
        **_scores(full, ks, "full_"),
    }


def pools(images: int, *, pool_size: int, seed: int) -> list[npt.NDArray[np.int64]]:
    """Shuffle the images by ``seed`` and cut them into disjoint pools of ``pool_size``, as ``retrieval`` says.

    >>> [len(pool) for pool in pools(7, pool_size=3, seed=0)], [len(pool) for pool in pools(2, pool_size=3, seed=0)]
    ([3, 3], [2])
    """
    return _parts(np.random.default_rng(seed).permutation(images), pool_size)


def first_texts(image_of_text: Int[np.ndarray, " n"], images: int) -> Int[np.ndarray, " images"]:
    """Return the first text of every image. Raises ``ValueError`` on an image without text.

    >>> first_texts(np.array([1, 0, 0, 1]), 2)
    array([1, 0])
    """
    first = np.full(images, -1)
    first[image_of_text[::-1]] = np.arange(len(image_of_text))[::-1]
    if (first < 0).any():
        raise ValueError(f"{int((first < 0).sum())} of {images} images have no text")
    return first


def _parts(rows: npt.NDArray[np.int64], size: int) -> list[npt.NDArray[np.int64]]:
    """Cut rows into parts of one size; what does not fill the last is left out, unless there is nothing else."""
    whole = len(rows) // size * size
    return np.split(rows[:whole], whole // size) if whole else [rows]


def _ranks(
    image_features: Float[Tensor, "m d"],
    text_features: Float[Tensor, "n d"],
    image_of_text: npt.NDArray[np.int64],
    caption_ids: npt.NDArray[np.int64],
) -> dict[str, Tensor]:
    images_of_text, texts_of_image = relevance(image_of_text, caption_ids, len(image_features))
    return {
        "t2i": best_ranks(text_features, image_features, images_of_text),
        "i2t": best_ranks(image_features, text_features, texts_of_image),
    }


def _scores(parts: Sequence[dict[str, Tensor]], ks: Sequence[int], prefix: str) -> dict[str, float]:
    """Summarise the ranks of all parts together: parts of one size have the mean of their recalls."""
    ranks = {direction: torch.cat([part[direction] for part in parts]).double() for direction in ("t2i", "i2t")}
    measures = {f"recall_at_{k}": {name: 100 * (r <= k).double().mean() for name, r in ranks.items()} for k in ks}
    measures["median_rank"] = {name: r.quantile(0.5) for name, r in ranks.items()}
    measures["mrr"] = {name: r.reciprocal().mean() for name, r in ranks.items()}
    scores: dict[str, float] = {}
    for name, by_direction in measures.items():
        values = {direction: value.item() for direction, value in by_direction.items()}
        scores[f"{prefix}{name}"] = (values["t2i"] + values["i2t"]) / 2
        scores |= {f"{prefix}{name}_{direction}": value for direction, value in values.items()}
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
