"""Which of very many vectors may be the nearest, without looking at all of them: FAISS's inverted lists of bytes.

The vectors are put into about √n lists around their own means and kept as one byte a number; a query is compared with
the lists whose means are nearest to it. What comes out is proposed only: its products are taken anew from the gallery,
so scores are exact, and what an index can do wrong is miss an answer. It is kept beside the gallery, under its key.

Nearness is distance, which orders unit vectors as the cosine does. Lists it orders better: by inner product those with
long means come first, whatever is asked, and across the modality gap, where texts are far from all images, more of the
answers were missed (benchmarks/README.md).
"""

import importlib.util
import logging
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from gap.data.whole_files import replace_file
from gap.errors import UserError
from study.retrieval.gallery import Watch

_logger = logging.getLogger(__name__)
LARGE = 2**28  # numbers in a gallery: a gigabyte, which an exact search reads whole
TRAIN = 48  # vectors a list that the means are found from
ROUNDS = 10  # of k-means
SHARE = 8  # one in so many lists is looked at
PROPOSED = 10  # times as many as are wanted, and at least so many times ten
BLOCK = 65_536


def wants_index(features: Float[Tensor, "n d"], index: bool | None) -> bool:
    """Say whether to search with an index: as told, or for a large gallery where the library is installed."""
    if index is not None:
        return index
    return features.numel() > LARGE and importlib.util.find_spec("faiss") is not None


def open_index(gallery: Path, features: Float[Tensor, "n d"], key: str, *, watch: Watch) -> Any:
    """Read the index of a gallery, or build and keep it where there is none of this key or it is damaged.

    Raises ``UserError`` if the library is not installed.
    """
    faiss = _faiss()
    path = gallery.with_name(f"{gallery.stem}-{key[:16]}.faiss")
    if path.exists():
        try:
            index = faiss.read_index(str(path))
            if (index.ntotal, index.d) == tuple(features.shape):
                return index
        except RuntimeError:  # damaged
            pass
    index = build_index(features, watch=watch)
    try:
        for stale in path.parent.glob(f"{gallery.stem}-*.faiss"):
            stale.unlink(missing_ok=True)
        replace_file(path, lambda temporary: faiss.write_index(index, str(temporary)))
    except (OSError, RuntimeError) as error:
        _logger.warning("%s is not kept: %s", path, " ".join(str(error).split()))
    return index


def build_index(features: Float[Tensor, "n d"], *, watch: Watch) -> Any:
    """Build an index of unit vectors. Raises ``UserError`` if the library is not installed."""
    faiss = _faiss()
    n, d = features.shape
    lists = lists_for(n)
    index = faiss.IndexIVFScalarQuantizer(
        faiss.IndexFlatL2(d), d, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_L2
    )
    index.nprobe = max(lists // SHARE, min(lists, 8))
    index.cp.niter, index.cp.min_points_per_centroid = ROUNDS, 1  # a small gallery is no cause for a warning
    vectors = features.numpy()
    some = np.random.default_rng(0).permutation(n)[: TRAIN * lists]
    starts = range(0, n, BLOCK)
    with watch("building the index, once", 1 + len(starts)) as step:
        index.train(vectors[np.sort(some)])
        step()
        for start in starts:
            index.add(vectors[start : start + BLOCK])
            step()
    return index


def lists_for(n: int) -> int:
    """Give the number of lists for n vectors: the power of two nearest to √n.

    >>> lists_for(1), lists_for(1_000_000)
    (1, 1024)
    """
    return int(2 ** round(np.log2(max(n, 1)) / 2))


def propose(index: Any, query: Float[Tensor, " d"], k: int) -> Int[Tensor, " m"]:
    """Give the rows, ascending, that may be among the k nearest; more than k of them where there are more."""
    _, rows = index.search(query[None].numpy(), PROPOSED * max(k, PROPOSED))
    found: Tensor = torch.from_numpy(rows[0])
    return found[found >= 0].sort().values


def _faiss() -> ModuleType:
    try:
        import faiss
    except ImportError as error:
        raise UserError(f'--index needs FAISS: pip install "clip-modality-gap[index]" ({error})') from error
    module: ModuleType = faiss
    return module
