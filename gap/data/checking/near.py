"""Images that are the same to the eye, on the prepared array: other files, encodings or sizes of one picture.

Near-identical are two images whose colours on 8 x 8 cells differ by at most ``COARSE_RMS`` in root mean square (of
255), and on 32 x 32 cells by ``FINE_RMS``, nowhere by more than ``FINE_MOST``. Candidates are the nearest neighbours
on the coarse cells, found in a tree over their 16 main directions: distances can only be smaller there.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float32, Float64, Int64, UInt8
from scipy.spatial import KDTree

COARSE, FINE = 8, 32
DIRECTIONS, NEIGHBOURS = 16, 8
COARSE_RMS, FINE_RMS, FINE_MOST = 12.0, 5.0, 32.0
_CHUNK = 256
Images = UInt8[np.ndarray, "m s s 3"]


def _edges(size: int, cells: int) -> Int64[np.ndarray, " cells"]:
    return (np.arange(cells) * size // cells).astype(np.int64)


def _cells(pixels: Float32[np.ndarray, "n s s c"], cells: int) -> Float32[np.ndarray, "n k k c"]:
    """Take the means of ``cells`` x ``cells`` cells; of the pixels themselves where there are no more."""
    size = pixels.shape[1]
    cells = min(cells, size)
    starts = _edges(size, cells)
    widths = np.diff(np.append(starts, size)).astype(np.float32)
    summed = np.add.reduceat(np.add.reduceat(pixels, starts, axis=1), starts, axis=2)
    means: Float32[np.ndarray, "n k k c"] = summed / widths[:, None, None] / widths[:, None]
    return means


def thumbnails(images: Images, progress: Callable[[int], object] = lambda _: None) -> Float32[np.ndarray, "m k"]:
    """Make the coarse thumbnails of all images, some at a time."""
    found = []
    for start in range(0, len(images), _CHUNK):
        part = np.asarray(images[start : start + _CHUNK], dtype=np.float32)
        found.append(_cells(part, COARSE).reshape(len(part), -1))
        progress(len(part))
    return np.concatenate(found)


def _projected(thumbs: Float32[np.ndarray, "m k"]) -> Float64[np.ndarray, "m d"]:
    """Turn thumbnails to their main directions: distances can only become smaller."""
    some = thumbs[:: max(1, len(thumbs) // 5_000)].astype(np.float64)
    directions = np.linalg.svd(some - some.mean(0), full_matrices=False)[2][:DIRECTIONS]
    return thumbs.astype(np.float64) @ directions.T


def _candidates(thumbs: Float32[np.ndarray, "m k"]) -> Iterator[tuple[int, int]]:
    """Give pairs of images with near thumbnails, at most ``NEIGHBOURS`` an image."""
    points, radius = _projected(thumbs), COARSE_RMS * thumbs.shape[1] ** 0.5
    tree = KDTree(points)
    for start in range(0, len(points), 10_000):
        part = points[start : start + 10_000]
        _, near = tree.query(part, k=min(NEIGHBOURS + 1, len(points)), distance_upper_bound=radius, workers=-1)
        rows, columns = np.nonzero((near < len(points)) & (near > np.arange(start, start + len(part))[:, None]))
        others = near[rows, columns]
        close = np.linalg.norm(thumbs[rows + start] - thumbs[others], axis=1) <= radius
        yield from zip((rows[close] + start).tolist(), others[close].tolist(), strict=True)


def near_identical(images: Images, progress: Callable[[int], object] = lambda _: None) -> list[tuple[int, int]]:
    """Give pairs of rows with near-identical images, the lower row first; for each, its nearest ones.

    >>> image = np.full((2, 8, 8, 3), 100, dtype=np.uint8)
    >>> near_identical(image)
    [(0, 1)]
    """
    if len(images) < 2:
        return []
    pairs = sorted(set(_candidates(thumbnails(images, progress))))
    return [pair for pair in pairs if _look_alike(images[pair[0]], images[pair[1]])]


def _look_alike(one: UInt8[np.ndarray, "s s 3"], other: UInt8[np.ndarray, "s s 3"]) -> bool:
    cells = _cells(np.stack([one, other]).astype(np.float32), FINE)
    difference = np.abs(cells[0] - cells[1])
    return bool(difference.max() <= FINE_MOST and np.sqrt(np.mean(difference**2)) <= FINE_RMS)
