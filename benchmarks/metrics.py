"""Question: what does measuring a whole held-out split cost, in time and memory, and how does linear CKA scale?

Command: python -m benchmarks.metrics [--images 25000 --captions 1 --dimensions 768]  (minutes on 2 cores)
         python -m benchmarks.metrics --images 5000 --captions 5                      (MS COCO's test split)
Expected: memory of some chunks of the similarities, far below one n×n matrix (2.5 GB at 25,000); most of the time in
what compares every row with every other: retrieval, uniformity and the smallest cosines. CKA by its d×d form takes
memory that does not grow with n; its peer, the HSIC of n×n Gram matrices, is measured on the first 4,000 pairs.
"""

import argparse
import time
from collections.abc import Callable

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from benchmarks.memory import most_gb
from gap.metrics import (
    effective_rank,
    evaluate,
    linear_cka,
    linear_separability,
    mean_cosine,
    min_cosine,
    relative_modality_gap,
    retrieval,
    uniformity,
)

PEER_ROWS = 4000


def pairs(images: int, captions: int, dimensions: int) -> tuple[Tensor, Tensor, np.ndarray]:
    """Make unit vectors in two cones, the texts of an image near it."""
    random = torch.Generator().manual_seed(0)
    centre, other = torch.randn(2, dimensions, generator=random)
    x = torch.randn(images, dimensions, generator=random)
    image_of_text = np.repeat(np.arange(images), captions)
    y = x[torch.from_numpy(image_of_text)] + torch.randn(images * captions, dimensions, generator=random)
    return F.normalize(x + centre, dim=1), F.normalize(y + other, dim=1), image_of_text


def gram_cka(x: Tensor, y: Tensor) -> Tensor:
    """Give linear CKA by its n×n form."""
    kernels = []
    for features in (x.double(), y.double()):
        centred = features - features.mean(dim=0)
        kernels.append(centred @ centred.T)
    k, m = kernels
    return (k * m).sum() / (k.norm() * m.norm())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="what measuring a held-out split costs")
    parser.add_argument("--images", type=int, default=25_000)
    parser.add_argument("--captions", type=int, default=1, help="texts of an image")
    parser.add_argument("--dimensions", type=int, default=768)
    arguments = parser.parse_args()

    x, y, image_of_text = pairs(arguments.images, arguments.captions, arguments.dimensions)
    index, caption_ids = torch.from_numpy(image_of_text), np.arange(len(y))
    paired, few = x[index], slice(PEER_ROWS)
    rows: dict[str, Callable[[], object]] = {
        "mean cosine, both": lambda: (mean_cosine(x), mean_cosine(y)),
        "relative gap": lambda: relative_modality_gap(paired, y, images=x),
        "CKA": lambda: linear_cka(paired, y),
        "effective rank, both": lambda: (effective_rank(x), effective_rank(y)),
        "separability": lambda: linear_separability(x, y, image_of_text=image_of_text),
        "min cosine, both": lambda: (min_cosine(x), min_cosine(y)),
        "uniformity": lambda: uniformity(x, y),
        "retrieval": lambda: retrieval(x, y, image_of_text=image_of_text, caption_ids=caption_ids),
        "evaluate: everything": lambda: evaluate(
            x, y, image_of_text=image_of_text, caption_ids=caption_ids, base=(x, y)
        ),
        f"CKA, {PEER_ROWS:,} pairs": lambda: linear_cka(paired[few], y[few]),
        f"CKA by n×n Gram matrices, {PEER_ROWS:,} pairs": lambda: gram_cka(paired[few], y[few]),
    }
    start = most_gb()
    size = f"{len(x):,} images, {len(y):,} texts, {arguments.dimensions} dimensions"
    table = Table(title=f"{size}, {torch.get_num_threads()} threads", box=None)
    for column in ("", "s", "peak so far, GB over the features'"):
        table.add_column(column, justify="left" if not column else "right")
    for name, measure in rows.items():
        began = time.perf_counter()
        measure()
        table.add_row(name, f"{time.perf_counter() - began:.2f}", f"{most_gb() - start:.2f}")
    Console(highlight=False).print(table)


if __name__ == "__main__":
    main()
